import type { Command } from 'commander';
import { SluiceError, nearest } from '../../base/index.js';
import type { CommandContext } from '../context.js';
import { addNetworkOptions, settingFlags, type SettingOptions } from '../options.js';
import { renderSettings } from '../render/settings.js';
import { say } from '../texts/index.js';

export function configure(command: Command, context: CommandContext): void {
  command
    .argument('[key]', context.say('argument.key'))
    .option('--docs', context.say('option.docs'))
    .option('--json', context.say('option.json'));
  addNetworkOptions(command, context);
  command.action(async (key: string | undefined) => {
    const options: SettingOptions & { json?: boolean; docs?: boolean } = command.optsWithGlobals();
    const session = await context.open(settingFlags(options));
    const { entries } = session.loaded;
    const chosen = key === undefined ? entries : entries.filter((entry) => entry.key.startsWith(key));
    if (chosen.length === 0 && key !== undefined) {
      const near = nearest(
        key,
        entries.map((entry) => entry.key),
      );
      throw new SluiceError('USAGE', { reason: say(session.lang, 'config.noKey', { name: key, near }) });
    }
    if (options.json) {
      for (const { key: name, shown, origin } of chosen)
        session.print(JSON.stringify({ key: name, value: shown, origin }));
      return;
    }
    const shape = { columns: session.outColumns(), docs: options.docs ?? false, whole: key === undefined };
    for (const line of renderSettings(session.loaded, chosen, session.out, shape)) session.print(line);
  });
}
