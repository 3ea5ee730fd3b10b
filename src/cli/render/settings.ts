import { printable, settingText, type LoadedSettings, type SettingEntry, type ValueOrigin } from '../../base/index.js';
import { say } from '../texts/index.js';
import type { Look } from './look.js';
import { renderTable } from './table.js';
import { wrap } from './width.js';

export interface SettingsShape {
  readonly columns: number;
  /** With what each setting is for. */
  readonly docs: boolean;
  /** Also where the file is and which profiles there are. */
  readonly whole: boolean;
}

/** Every setting, its value and where that came from; those that were not left alone stand out. */
export function renderSettings(
  loaded: LoadedSettings,
  entries: readonly SettingEntry[],
  look: Look,
  shape: SettingsShape,
): readonly string[] {
  const { lang, style } = look;
  const rows = entries.map((entry) => [entry.key, entry.shown, originText(entry.origin, look)]);
  const [header = '', ...lines] = renderTable(
    [
      { title: say(lang, 'config.setting') },
      { title: say(lang, 'config.value'), shrinkTo: 20 },
      { title: say(lang, 'config.origin'), shrinkTo: 12 },
    ],
    rows,
    look,
    shape.columns,
  );
  const body = lines.flatMap((line, index) => {
    const entry = entries[index];
    if (entry === undefined) return [line];
    const shown = entry.origin.from === 'default' ? line : style.bold(line);
    if (!shape.docs) return [shown];
    const width = Math.min(shape.columns, 100) - 4;
    return [shown, ...wrap(settingText(entry.name, lang), width).map((text) => style.dim(`    ${text}`))];
  });
  if (!shape.whole) return [header, ...body];
  const file = say(lang, loaded.fileRead ? 'config.file' : 'config.noFile', { path: loaded.path });
  const profiles = say(lang, 'config.profiles', { names: loaded.profiles.join(', ') });
  return [header, ...body, '', file, profiles];
}

function originText({ from, name }: ValueOrigin, { lang }: Look): string {
  switch (from) {
    case 'default':
      return say(lang, 'config.default');
    case 'flag':
      return say(lang, 'config.flag', { name });
    case 'environment':
      return say(lang, 'config.environment', { name });
    case 'profile':
      return say(lang, 'config.profile', { name });
    case 'file':
      return name.endsWith('.toml') ? say(lang, 'config.fromFile') : printable(name);
  }
}
