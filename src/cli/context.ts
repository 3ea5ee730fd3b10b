import {
  loadSettings,
  type EventSink,
  type ExitCode,
  type Flags,
  type Lang,
  type LoadedSettings,
} from '../base/index.js';
import type { PullContext } from '../pull/index.js';
import type { CliApi } from './api.js';
import type { Host } from './host.js';
import { lookFor, type Look } from './render/look.js';
import type { say } from './texts/index.js';
import { type TextKey } from './texts/index.js';

/** What a command's module is given. `lang` may change once the settings are read. */
export interface CommandContext {
  readonly host: Host;
  readonly say: (key: TextKey, values?: Parameters<typeof say>[2]) => string;
  /** Reads the settings under these flags; every action begins with it. */
  readonly open: (flags: Flags, settingsFile?: string) => Promise<Session>;
  /** Shows an error now and goes on; the first one gives the exit code. `about` names what it is about. */
  readonly fail: (error: unknown, about?: string) => void;
  /** What was found, and no error, gives the exit code; an error told with `fail` goes before it. */
  readonly leaveWith: (code: ExitCode) => void;
}

/** The environment with another `sluice.toml` named in it. */
function envWith(env: Host['env'], settingsFile: string | undefined): Host['env'] {
  return settingsFile === undefined ? env : { ...env, SLUICE_CONFIG: settingsFile };
}

/** A command under way: settings read, languages and colours known. */
export interface Session {
  readonly loaded: LoadedSettings;
  /** The settings as they are now, read as `loaded` was. */
  readonly reload: () => Promise<LoadedSettings>;
  readonly lang: Lang;
  /** How standard output looks. */
  readonly out: Look;
  /** How standard error looks. */
  readonly err: Look;
  /** Columns of standard output; unlimited when it is not a terminal, so that nothing is cut for a program that reads it. */
  readonly outColumns: () => number;
  readonly errColumns: () => number;
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
  readonly api: () => Promise<CliApi>;
  readonly pullContext: (emit?: EventSink) => PullContext;
}

export async function openSession(
  host: Host,
  flags: Flags,
  api: () => Promise<CliApi>,
  settingsFile?: string,
): Promise<Session> {
  const reload = (): Promise<LoadedSettings> =>
    loadSettings({ flags, env: envWith(host.env, settingsFile), cwd: host.cwd, platform: host.platform });
  const loaded = await reload();
  const { settings } = loaded;
  return {
    loaded,
    reload,
    lang: settings.lang,
    out: lookFor(host.stdout, host.env, host.platform, settings),
    err: lookFor(host.stderr, host.env, host.platform, settings),
    outColumns: () => (host.stdout.isTTY ? (host.stdout.columns ?? 80) : Number.POSITIVE_INFINITY),
    errColumns: () => host.stderr.columns ?? 100,
    print: (text) => void host.stdout.write(`${text}\n`),
    printError: (text) => void host.stderr.write(`${text}\n`),
    api,
    pullContext: (emit = () => undefined) => ({ settings, emit, signal: host.signal }),
  };
}
