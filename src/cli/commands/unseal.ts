import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { SluiceError, type SluiceEvent } from '../../base/index.js';
import type { CommandContext } from '../context.js';
import { filesBelow } from '../files-below.js';
import { repeatable, settingFlags, type SettingOptions } from '../options.js';
import { readKeys } from '../pull-requests.js';
import { createWorkProgress } from '../render/work-progress.js';
import { say } from '../texts/index.js';
import { folderFor, printDone } from './seal.js';

interface UnsealOptions extends SettingOptions {
  readonly key?: readonly string[];
  readonly out?: string;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const SUFFIX = '.sealed';

export function configure(command: Command, context: CommandContext): void {
  const { say: text, host } = context;
  command
    .argument('<paths...>', text('argument.sealed'))
    .addOption(repeatable('--key <key>', text('option.key')))
    .option('--out <dir>', text('option.out'))
    .option('--force', text('option.force'))
    .option('--json', text('option.json'))
    .option('-q, --quiet', text('option.quiet'))
    .action(async (paths: readonly string[]) => {
      const options: UnsealOptions = command.optsWithGlobals();
      const session = await context.open(settingFlags(options));
      const { lang } = session;
      const keys = await readKeys(options.key, session, host);
      if (keys.length === 0) throw new SluiceError('USAGE', { reason: say(lang, 'seal.needsKey') });
      const files = await filesBelow(paths, host.cwd, (name) => name.endsWith(SUFFIX));
      if (files.length === 0) throw new SluiceError('USAGE', { reason: say(lang, 'seal.noFiles', { path: paths[0] }) });
      const { unsealFile } = await session.api();
      const working = createWorkProgress(session.err, host.stderr, host.now, !options.quiet && !options.json);
      for (const { path, relative } of files) {
        const isNamed = path.endsWith(SUFFIX);
        if (!isNamed && options.out === undefined)
          throw new SluiceError('USAGE', { reason: say(lang, 'seal.noSuffix', { path }) });
        const target = options.out === undefined ? path : join(resolve(host.cwd, options.out), relative);
        const to = isNamed ? target.slice(0, -SUFFIX.length) : target;
        await folderFor(to);
        const replace = options.force ?? false;
        working.begin(relative);
        const { sizeBytes, plainSha256: sha256 } = await unsealFile(path, to, {
          ...{ keys, replace, signal: host.signal, progress: working.told },
        }).finally(working.settle);
        const event: SluiceEvent = { type: 'file.unsealed', file: path, to, sizeBytes, sha256 };
        if (options.json) session.print(JSON.stringify(event));
        else if (!options.quiet)
          printDone(say(lang, 'seal.opened', { file: relative, arrow: session.out.signs.arrow, to }), session);
      }
    });
}
