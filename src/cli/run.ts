import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { detectLang, toSluiceError, type ExitCode, type Lang } from '../base/index.js';
import type { CliApi } from './api.js';
import { openSession, type CommandContext } from './context.js';
import type { Host } from './host.js';
import { createProgram } from './program.js';
import { renderError } from './render/error.js';
import { lookFor } from './render/look.js';
import { say } from './texts/index.js';
import { usageError } from './usage-error.js';

/**
 * One run of the program. Never throws: errors are told to people on standard error.
 * @param args what stands after the program's name
 * @returns the exit code (docs/ERRORS.md)
 */
export async function run(args: readonly string[], host: Host, api: () => Promise<CliApi>): Promise<ExitCode> {
  let lang = langOf(args, host);
  let exit: ExitCode = 0;
  const fail = (thrown: unknown, about?: string): ExitCode => {
    const error = toSluiceError(host.signal.aborted ? interruptionOf(thrown, host) : thrown);
    const look = lookFor(host.stderr, host.env, host.platform, { lang, color: colorOf(host) });
    const columns = host.stderr.columns ?? 100;
    const options = { debug: Boolean(host.env.SLUICE_DEBUG), ...(about === undefined ? {} : { about }) };
    host.stderr.write(`${renderError(error, look, columns, options).join('\n')}\n`);
    return error.exitCode;
  };
  const context: CommandContext = {
    host,
    say: (key, values) => say(lang, key, values),
    open: async (flags, settingsFile) => {
      const session = await openSession(host, flags, api, settingsFile);
      lang = session.lang;
      return session;
    },
    fail: (thrown, about) => {
      const code = fail(thrown, about);
      if (exit === 0) exit = code;
    },
    leaveWith: (code) => {
      if (exit === 0) exit = code;
    },
  };
  const program = createProgram(context, lang, packageVersion());
  try {
    const asked = helpAsCommandOption(args);
    if (asked.length === 0) program.outputHelp();
    else await program.parseAsync(asked, { from: 'user' });
    return exit;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) return fail(thrown);
    if (thrown.exitCode === 0) return exit;
    if (thrown.code === 'commander.help') {
      program.outputHelp();
      return 2;
    }
    return fail(usageError(thrown, program, lang));
  }
}

/** `sluice help pull` is `sluice pull --help`: commands are configured only on their way to being run. */
function helpAsCommandOption(args: readonly string[]): readonly string[] {
  if (args[0] !== 'help') return args;
  return args[1] === undefined ? ['--help'] : [args[1], '--help'];
}

/** The language before the settings are read: help and usage errors need no settings. */
function langOf(args: readonly string[], host: Host): Lang {
  const at = args.indexOf('--lang');
  const flag = at >= 0 ? args[at + 1] : args.find((arg) => arg.startsWith('--lang='))?.slice(7);
  return flag === 'zh' || flag === 'en' ? flag : detectLang(host.env);
}

function colorOf(host: Host): 'auto' | 'always' | 'never' {
  if (host.env.FORCE_COLOR) return host.env.FORCE_COLOR === '0' ? 'never' : 'always';
  return host.env.NO_COLOR ? 'never' : 'auto';
}

/** After an interruption whatever failed, failed because of it. */
function interruptionOf(thrown: unknown, host: Host): unknown {
  return host.signal.reason ?? thrown;
}

function packageVersion(): string {
  const content = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(content) as { version: string }).version;
}
