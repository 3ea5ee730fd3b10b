import type { Command } from 'commander';
import { SluiceError, parseBytes } from '../../base/index.js';
import type { CommandContext } from '../context.js';
import { settingFlags, type SettingOptions } from '../options.js';
import { createEventView } from '../render/event-view.js';
import { layLine } from '../render/line.js';
import { say } from '../texts/index.js';

export function configure(command: Command, context: CommandContext): void {
  command
    .option('--size <bytes>', context.say('option.size'))
    .option('--json', context.say('option.json'))
    .action(async () => {
      const options: SettingOptions & { json?: boolean; size?: string } = command.optsWithGlobals();
      const session = await context.open(settingFlags(options));
      const sizeBytes = options.size === undefined ? undefined : parseBytes(options.size);
      if (options.size !== undefined && sizeBytes === undefined) {
        const reason = say(session.lang, 'usage.badValue', { name: '--size', reason: options.size });
        throw new SluiceError('USAGE', { reason });
      }
      const view = createEventView(session, context.host, options);
      const tell = (line: string): void => {
        view.settle();
        for (const part of layLine({ text: line }, session.err, session.errColumns())) session.printError(part);
      };
      const { settings } = session.loaded;
      const report = await (
        await session.api()
      )
        .demo({ sizeBytes }, { settings, emit: view.emit, signal: context.host.signal, tell })
        .finally(() => view.settle());
      for (const line of report.lines) tell(line);
    });
}
