import type { Command } from 'commander';
import type { CommandContext } from '../context.js';
import { settingFlags, type SettingOptions } from '../options.js';
import { renderExplanation } from '../render/explanation.js';

export function configure(command: Command, context: CommandContext): void {
  command
    .argument('<id>', context.say('argument.pull'))
    .option('--pieces', context.say('option.pieces'))
    .option('--json', context.say('option.json'))
    .action(async (id: string) => {
      const options: SettingOptions & { json?: boolean; pieces?: boolean } = command.optsWithGlobals();
      const session = await context.open(settingFlags(options));
      const explanation = await (await session.api()).explain(id, session.pullContext());
      if (options.json) session.print(JSON.stringify(explanation));
      else {
        const shape = { columns: session.outColumns(), everyPiece: options.pieces ?? false };
        for (const line of renderExplanation(explanation, session.out, shape)) session.print(line);
      }
    });
}
