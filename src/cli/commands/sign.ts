import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { formatBytes, parseBytes, SluiceError, toSluiceError } from '../../base/index.js';
import type { CommandContext } from '../context.js';
import { repeatable, settingFlags, type SettingOptions } from '../options.js';
import { createEventView } from '../render/event-view.js';
import { filesText, say } from '../texts/index.js';

interface SignFlags extends SettingOptions {
  readonly key?: string;
  readonly certificate?: string;
  readonly passphraseFile?: string;
  readonly detached?: boolean;
  readonly padding: string;
  readonly hash: string;
  readonly shards?: string;
  readonly ignore?: readonly string[];
  readonly output?: string;
  readonly format?: string;
  readonly unnamed?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const FORMATS = ['cosign', 'cosign-tag', 'notation', 'notation-cose'] as const;

export function configure(command: Command, context: CommandContext): void {
  const { say: text } = context;
  command
    .argument('<target>', text('argument.signTarget'))
    .option('--key <file|name>', text('option.signKey'))
    .option('--certificate <file>', text('option.signCertificate'))
    .option('--passphrase-file <file>', text('option.passphraseFile'))
    .option('--detached', text('option.detached'))
    .option('--padding <pss|pkcs1>', text('option.padding'), 'pss')
    .option('--hash <name>', text('option.hash'), 'sha256')
    .option('--shards <size>', text('option.shards'))
    .addOption(repeatable('--ignore <path>', text('option.ignore')))
    .option('--output <file>', text('option.output'))
    .option('--unnamed', text('option.unnamed'))
    .option('--format <name>', text('option.signFormat'))
    .option('--json', text('option.json'))
    .option('-q, --quiet', text('option.quiet'));
  command.action(async (target: string) => {
    const options: SignFlags = command.optsWithGlobals();
    const session = await context.open(settingFlags(options));
    const view = createEventView(session, context.host, { quiet: options.quiet ?? options.json ?? false });
    const { key } = options;
    // Not `requiredOption`: that complains before it is seen that the rest asks for signing without a key.
    if (key === undefined) throw usage(say(session.out.lang, 'usage.signKey'));
    const at = (path: string): string => resolve(context.host.cwd, path);
    const shardBytes = options.shards === undefined ? undefined : parseBytes(options.shards);
    if (options.shards !== undefined && !shardBytes) throw usage(`--shards ${options.shards}: not a size such as 1GB`);
    const report = await (
      await session.api()
    )
      .signTarget(
        {
          ...{ subject: target, key, detached: options.detached === true, ignore: options.ignore ?? [] },
          isUnnamed: options.unnamed === true,
          padding: oneOf('--padding', options.padding, ['pss', 'pkcs1']),
          hash: oneOf('--hash', options.hash, ['sha256', 'blake2b']),
          ...(options.certificate === undefined ? {} : { certificate: at(options.certificate) }),
          ...(options.passphraseFile === undefined
            ? {}
            : { passphrase: await passphraseAt(at(options.passphraseFile)) }),
          ...(shardBytes ? { shardBytes } : {}),
          ...{ nowMs: context.host.now(), env: context.host.env },
          ...(options.format === undefined ? {} : { format: oneOf('--format', options.format, FORMATS) }),
          ...(options.output === undefined ? {} : { output: at(options.output) }),
        },
        session.pullContext(view.emit),
      )
      .finally(view.settle);
    if (options.json) session.print(JSON.stringify(report));
    else if (options.quiet) session.print(report.output);
    else {
      const { lang, style, signs } = session.out;
      const done = report.image === undefined ? 'sign.done' : 'sign.image';
      const values = {
        ...report,
        image: report.image,
        files: filesText(lang, report.files),
        bytes: formatBytes(report.bytes),
      };
      session.print(`${style.green(signs.done)} ${say(lang, done, { ...values, arrow: signs.arrow })}`);
      session.print(`  ${style.dim(say(lang, 'sign.key', { fingerprint: report.fingerprint }))}`);
    }
  });
}

/** It comes by a file: arguments stand in the history of shells and in lists of processes. */
async function passphraseAt(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  } catch (thrown) {
    throw toSluiceError(thrown, { path });
  }
}

function oneOf<const T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw usage(`${option} ${value}: there are ${allowed.join(', ')}`);
  return found;
}

function usage(reason: string): SluiceError {
  return new SluiceError('USAGE', { reason });
}
