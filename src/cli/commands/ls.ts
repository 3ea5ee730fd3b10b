import type { Command } from 'commander';
import type { CommandContext } from '../context.js';
import { settingFlags, type SettingOptions } from '../options.js';
import { renderListing } from '../render/listing.js';
import { say } from '../texts/index.js';

export function configure(command: Command, context: CommandContext): void {
  command.option('--json', context.say('option.json')).action(async () => {
    const options: SettingOptions & { json?: boolean } = command.optsWithGlobals();
    const session = await context.open(settingFlags(options));
    const models = await (await session.api()).listModels(session.pullContext());
    if (options.json) for (const model of models) session.print(JSON.stringify(model));
    else if (models.length === 0) session.printError(say(session.lang, 'ls.empty'));
    else
      for (const line of renderListing(models, session.out, session.outColumns(), context.host.now()))
        session.print(line);
  });
}
