import type { Command } from 'commander';
import { formatDuration, SluiceError, type EventSink, type SluiceEvent } from '../../base/index.js';
import type { CommandContext, Session } from '../context.js';
import { addNetworkOptions, repeatable, settingFlags, type SettingOptions } from '../options.js';
import { requestLine } from '../render/request-line.js';
import { wrap } from '../render/width.js';
import { say } from '../texts/index.js';

interface ServeFlags extends SettingOptions {
  readonly json?: boolean;
  readonly upstream?: readonly string[];
  readonly config?: string;
  readonly checkConfig?: boolean;
}

export function configure(command: Command, context: CommandContext): void {
  command
    .option('--port <n>', context.say('option.port'))
    .option('--listen <address>', context.say('option.listen'))
    .option('--data <dir>', context.say('option.data'))
    .addOption(repeatable('--upstream <hub=url>', context.say('option.upstream')))
    .option('--public-url <url>', context.say('option.publicUrl'))
    .option('--tls-cert <file>', context.say('option.tlsCert'))
    .option('--tls-key <file>', context.say('option.tlsKey'))
    .option('--policy <file>', context.say('option.policy'))
    .option('--config <file>', context.say('option.config'))
    .option('--check-config', context.say('option.checkConfig'))
    .option('--json', context.say('option.json'));
  command.addOption(repeatable('--registry <name=url>', context.say('option.registry')));
  command.addOption(repeatable('--site <name=kind:url>', context.say('option.site')));
  addNetworkOptions(command, context);
  command.action(async () => {
    const options: ServeFlags = command.optsWithGlobals();
    const session = await context.open(settingFlags(withUpstreams(options)), options.config);
    const { host } = context;
    const { settings, path } = session.loaded;
    const emit: EventSink = options.json
      ? (event) => session.print(JSON.stringify({ at: new Date(host.now()).toISOString(), ...event }))
      : (event) => tell(event, session, host);
    const api = await session.api();
    if (options.checkConfig === true) {
      await api.checkServe({ settings, emit, signal: host.signal });
      session.print(say(session.lang, 'serve.checked', { path }));
      return;
    }
    const listeners: (() => void)[] = [];
    host.beService(() => listeners.forEach((listener) => listener()));
    const reload = async (): Promise<typeof settings> => (await session.reload()).settings;
    const onHangup = (listener: () => void): void => void listeners.push(listener);
    await api.serve({ reload, settingsPath: path, onHangup }, { settings, emit, signal: host.signal });
  });
}

/** `hf=URL` and `ms=URL` as the endpoints of their hubs. */
function withUpstreams(options: ServeFlags): SettingOptions {
  const hfEndpoint = [...(options.hfEndpoint ?? [])];
  const msEndpoint = [...(options.msEndpoint ?? [])];
  for (const upstream of options.upstream ?? []) {
    const match = /^(hf|huggingface|ms|modelscope)=(.+)$/.exec(upstream);
    if (match === null) throw new SluiceError('USAGE', { reason: `--upstream ${upstream}: hf=URL or ms=URL` });
    (match[1]?.startsWith('h') ? hfEndpoint : msEndpoint).push(match[2] ?? '');
  }
  return { ...options, hfEndpoint, msEndpoint };
}

/** What people, or a collector of logs, want to see of the events: the address on standard output, the rest on standard error. */
function tell(event: SluiceEvent, session: Session, { now, stderr }: CommandContext['host']): void {
  const { lang } = session;
  const isTerminal = stderr.isTTY === true;
  const columns = isTerminal ? (stderr.columns ?? 80) : Number.POSITIVE_INFINITY;
  const printError = (text: string): void => (isTerminal ? wrap(text, columns) : [text]).forEach(session.printError);
  const style = session.loaded.settings.serveAccessLog;
  if (event.type === 'server.listening')
    session.print(isTerminal ? say(lang, 'serve.listening', { url: event.url }) : event.url);
  else if (event.type === 'server.draining')
    printError(say(lang, 'serve.draining', { requests: event.requests, time: formatDuration(event.graceMs) }));
  else if (event.type === 'server.reloaded')
    printError(
      say(lang, 'serve.reloaded', { error: event.error ?? undefined, waiting: event.waiting.join(', ') || undefined }),
    );
  else if (event.type === 'upstream.changed')
    printError(
      say(lang, 'serve.upstream', { name: event.upstream, state: event.state, reason: event.reason ?? undefined }),
    );
  else if (event.type === 'notice') printError(event.message);
  else if (event.type === 'server.request' && style !== 'off') {
    const isText = style === 'text' || (style === 'auto' && isTerminal);
    const at = new Date(now());
    session.printError(isText ? requestLine(event, at, columns) : JSON.stringify({ at: at.toISOString(), ...event }));
  }
}
