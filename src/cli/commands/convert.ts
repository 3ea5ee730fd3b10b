import { resolve } from 'node:path';
import type { Command } from 'commander';
import { formatBytes, type SluiceEvent } from '../../base/index.js';
import type { CommandContext } from '../context.js';
import { settingFlags, type SettingOptions } from '../options.js';
import { layLine } from '../render/line.js';
import { say } from '../texts/index.js';

interface ConvertOptions extends SettingOptions {
  readonly to: string;
  readonly force?: boolean;
  readonly flatten?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function configure(command: Command, context: CommandContext): void {
  const { say: text, host } = context;
  command
    .argument('<file>', text('argument.toConvert'))
    .requiredOption('--to <file>', text('option.convertTo'))
    .option('--force', text('option.force'))
    .option('--flatten', text('option.flatten'))
    .option('--json', text('option.json'))
    .option('-q, --quiet', text('option.quiet'))
    .action(async (file: string) => {
      const options: ConvertOptions = command.optsWithGlobals();
      const session = await context.open(settingFlags(options));
      const { lang } = session;
      const to = resolve(host.cwd, options.to);
      const { convertFile } = await session.api();
      const done = await convertFile(resolve(host.cwd, file), to, {
        replace: options.force ?? false,
        isFlattened: options.flatten ?? false,
        signal: host.signal,
      });
      const event: SluiceEvent = { type: 'file.converted', file, to, ...done };
      if (options.json) session.print(JSON.stringify(event));
      else if (!options.quiet) {
        const { out } = session;
        const { proof, tensors, sizeBytes, sha256 } = done;
        const detail = { count: tensors.length, bytes: formatBytes(sizeBytes), sha256 };
        const told = [
          { sign: 'done', text: say(lang, 'convert.done', { file, arrow: out.signs.arrow, to }) },
          { sign: 'dot', text: say(lang, 'convert.detail', detail) },
          { sign: 'dot', text: say(lang, 'convert.proof', { proof }), weight: 'dim' },
        ] as const;
        for (const line of told) for (const each of layLine(line, out, session.outColumns())) session.print(each);
      }
    });
}
