import type { Command } from 'commander';
import type { CommandContext } from '../context.js';
import { settingFlags, type SettingOptions } from '../options.js';
import { say } from '../texts/index.js';

export function configure(command: Command, context: CommandContext): void {
  command
    .argument('<ref>', context.say('argument.ref'))
    .option('--json', context.say('option.json'))
    .action(async (ref: string) => {
      const options: SettingOptions & { json?: boolean } = command.optsWithGlobals();
      const session = await context.open(settingFlags(options));
      for (const place of await (await session.api()).whereIs(ref, session.pullContext())) {
        session.print(options.json ? JSON.stringify(place) : place.path);
        if (options.json) continue;
        const { ref: name, commit, view, state } = place;
        const facts = [name, commit.slice(0, 12), view].join(` ${session.err.signs.dot} `);
        session.printError(session.err.style.dim(`  ${facts}`));
        if (state !== 'complete') {
          const text = say(session.lang, 'where.incomplete');
          session.printError(`${session.err.style.yellow(session.err.signs.warn)} ${text}`);
        }
      }
    });
}
