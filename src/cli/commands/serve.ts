import type { Command } from 'commander';
import { SluiceError } from '../../base/index.js';
import type { CommandContext } from '../context.js';
import { addNetworkOptions, repeatable, settingFlags, type SettingOptions } from '../options.js';
import { parseRegistries } from '../parse-registries.js';

export function configure(command: Command, context: CommandContext): void {
  command
    .option('--port <n>', context.say('option.port'), '4110')
    .option('--listen <address>', context.say('option.listen'), '127.0.0.1')
    .option('--json', context.say('option.json'));
  command.addOption(repeatable('--registry <name=url>', context.say('option.registry')));
  command.addOption(repeatable('--site <name=kind:url>', context.say('option.site')));
  addNetworkOptions(command, context);
  command.action(async () => {
    const options: SettingOptions & {
      json?: boolean;
      port: string;
      listen: string;
      registry?: readonly string[];
      site?: readonly string[];
    } = command.optsWithGlobals();
    const session = await context.open(settingFlags(options));
    const port = Number(options.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new SluiceError('USAGE', { reason: `--port ${options.port}: a number from 0 to 65535` });
    const onListening = (url: string): void => {
      session.print(options.json ? JSON.stringify({ type: 'server.listening', url }) : url);
    };
    const emit = options.json ? (event: object): void => session.print(JSON.stringify(event)) : undefined;
    const { serveXet, serveXetKey, serveXetNodes, serveSharedToken, serveFreshMs } = session.loaded.settings;
    const xet = { mode: serveXet, key: serveXetKey, nodes: serveXetNodes };
    const hub = { xet, freshMs: serveFreshMs, isTokenForAll: serveSharedToken };
    const places = { registries: parseRegistries(options.registry ?? []), sites: options.site ?? [] };
    const serving = { host: options.listen, port, ...places, ...hub, onListening };
    await (await session.api()).serve(serving, session.pullContext(emit));
  });
}
