import { errorText, printable, type ErrorDetails, type Lang, type SluiceError } from '../../base/index.js';
import { phraseText, say } from '../texts/index.js';
import type { Look } from './look.js';
import { wrap } from './width.js';

/** What happened, what to do about it, and its code: lines no wider than the terminal. */
export function renderError(
  error: SluiceError,
  look: Look,
  columns: number,
  options: { readonly debug?: boolean; readonly about?: string } = {},
): readonly string[] {
  const { style, signs, lang } = look;
  if (error.code === 'INTERRUPTED') {
    return wrap(say(lang, 'interrupted.kept'), columns - 3).map((line, index) =>
      index === 0 ? `${style.yellow(signs.warn)} ${line}` : `  ${line}`,
    );
  }
  const { what, remedy } = errorText(error.code, harmless(error.details, lang), lang);
  const about = options.about === undefined ? '' : `${options.about}${lang === 'zh' ? '：' : ': '}`;
  const width = Math.min(Math.max(20, columns - 3), 120);
  const [first = '', ...rest] = wrap(about + what, width);
  const lines = [`${style.red(signs.fail)} ${style.bold(first)}`, ...rest.map((line) => `  ${style.bold(line)}`)];
  for (const line of wrap(remedy, width)) lines.push(`  ${line}`);
  const notes = [say(lang, 'error.code', { code: error.code, exit: error.exitCode })];
  if (error.code === 'INTERNAL' && !options.debug) notes.push(say(lang, 'error.debug'));
  for (const line of notes.flatMap((note) => wrap(note, width))) lines.push(`  ${style.dim(line)}`);
  if (options.debug) lines.push(...stackOf(error).map((line) => style.dim(line)));
  return lines;
}

/** Details that may be words of ours. */
const PHRASES: readonly string[] = ['reason', 'value', 'threshold'];

/** Details may quote a server. */
function harmless(details: ErrorDetails, lang: Lang): ErrorDetails {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [
      name,
      typeof value === 'string' ? printable(worded(name, value, lang)) : value,
    ]),
  );
}

function worded(name: string, value: string, lang: Lang): string {
  return PHRASES.includes(name) ? phraseText(lang, value) : value;
}

function stackOf(error: Error): readonly string[] {
  const cause = error.cause instanceof Error ? ['caused by', ...stackOf(error.cause)] : [];
  return [...(error.stack ?? String(error)).split('\n'), ...cause];
}
