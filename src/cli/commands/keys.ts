import { resolve } from 'node:path';
import type { Command } from 'commander';
import { SluiceError } from '../../base/index.js';
import type { KeyEntry } from '../api.js';
import type { CommandContext, Session } from '../context.js';
import { settingFlags, type SettingOptions } from '../options.js';
import { renderTable } from '../render/table.js';
import { say } from '../texts/index.js';

const KINDS = ['p256', 'p384', 'p521', 'ed25519'] as const;

export function configure(command: Command, context: CommandContext): void {
  const { say: text, host } = context;
  command
    .argument('[action]', text('argument.keysAction'), 'list')
    .argument('[name]', text('argument.keyName'))
    .argument('[file]', text('argument.keyFile'))
    .option('--kind <kind>', text('option.keyKind'), 'p256')
    .option('--json', text('option.json'));
  command.action(async (action: string, name: string | undefined, file: string | undefined) => {
    const options: SettingOptions & { kind: string; json?: boolean } = command.optsWithGlobals();
    const session = await context.open(settingFlags(options));
    const api = await session.api();
    const { home } = session.loaded.settings;
    const show = (entries: readonly KeyEntry[]): void => {
      if (options.json) for (const entry of entries) session.print(JSON.stringify(entry));
      else printTable(entries, session);
    };
    if (action === 'list') {
      show(await api.listKeys(home));
      return;
    }
    if (name === undefined) throw usage(`sluice keys ${action} needs a name`);
    if (action === 'show') {
      show(named(await api.listKeys(home), name));
      return;
    }
    if (action === 'make') {
      const kind = KINDS.find((one) => one === options.kind);
      if (kind === undefined) throw usage(`--kind ${options.kind}: there are ${KINDS.join(', ')}`);
      const made = await api.makeKeys(home, name, kind);
      show([made]);
      if (!options.json) session.printError(say(session.lang, 'keys.made', { path: made.path }));
      return;
    }
    if (action !== 'trust') throw usage(`there is no sluice keys ${action}; there are make, list, show and trust`);
    if (file === undefined) throw usage('sluice keys trust needs a name and a file');
    show([await api.trustKey(home, name, resolve(host.cwd, file))]);
  });
}

function named(entries: readonly KeyEntry[], name: string): readonly KeyEntry[] {
  const found = entries.filter((entry) => entry.name === name || entry.fingerprint === name);
  if (found.length === 0) throw new SluiceError('BAD_KEY', { path: name, reason: 'there is no key of that name' });
  return found;
}

function printTable(entries: readonly KeyEntry[], { lang, out, print, outColumns }: Session): void {
  if (entries.length === 0) {
    print(say(lang, 'keys.none'));
    return;
  }
  const rows = entries.map(({ name, kind, canSign, fingerprint }) => [
    name,
    kind,
    say(lang, canSign ? 'keys.signs' : 'keys.trusted'),
    fingerprint,
  ]);
  const columns = [
    { title: say(lang, 'keys.name'), shrinkTo: 8 },
    { title: say(lang, 'keys.kind') },
    { title: say(lang, 'keys.use') },
    { title: say(lang, 'keys.fingerprint'), shrinkTo: 23, cut: 'end' as const },
  ];
  for (const line of renderTable(columns, rows, out, outColumns())) print(line);
}

function usage(reason: string): SluiceError {
  return new SluiceError('USAGE', { reason });
}
