import type { Command } from 'commander';
import type { CommandContext } from '../context.js';
import { settingFlags, type SettingOptions } from '../options.js';
import { renderGarbage } from '../render/garbage.js';

export function configure(command: Command, context: CommandContext): void {
  command
    .option('--apply', context.say('option.apply'))
    .option('--json', context.say('option.json'))
    .action(async () => {
      const options: SettingOptions & { json?: boolean; apply?: boolean } = command.optsWithGlobals();
      const session = await context.open(settingFlags(options));
      const report = await (
        await session.api()
      ).collectGarbage(session.pullContext(), { apply: options.apply ?? false });
      if (options.json) session.print(JSON.stringify(report));
      else
        for (const line of renderGarbage(report, session.out, session.outColumns(), context.host.now()))
          session.print(line);
    });
}
