import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { SluiceError, toSluiceError, type SluiceEvent } from '../../base/index.js';
import type { SealTarget } from '../../proof/index.js';
import type { CommandContext, Session } from '../context.js';
import { filesBelow } from '../files-below.js';
import type { Host } from '../host.js';
import { repeatable, settingFlags, type SettingOptions } from '../options.js';
import { readKeys } from '../pull-requests.js';
import { layLine } from '../render/line.js';
import { createWorkProgress } from '../render/work-progress.js';
import { say } from '../texts/index.js';

interface SealOptions extends SettingOptions {
  readonly to?: readonly string[];
  readonly passphrase?: readonly string[];
  readonly out?: string;
  readonly bind?: string;
  readonly cipher: 'aes' | 'chacha';
  readonly force?: boolean;
  readonly rewrap?: boolean;
  readonly key?: readonly string[];
  readonly remove?: readonly string[];
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const SUFFIX = '.sealed';

export function configure(command: Command, context: CommandContext): void {
  const { say: text } = context;
  command
    .argument('<paths...>', text('argument.toSeal'))
    .addOption(repeatable('--to <key>', text('option.sealTo')))
    .addOption(repeatable('--passphrase <name>', text('option.passphrase')))
    .option('--out <dir>', text('option.out'))
    .option('--bind <ref>', text('option.bind'))
    .addOption(new Option('--cipher <name>', text('option.cipher')).choices(['aes', 'chacha']).default('aes'))
    .option('--force', text('option.force'))
    .option('--rewrap', text('option.rewrap'))
    .addOption(repeatable('--key <key>', text('option.key')))
    .addOption(repeatable('--remove <kid>', text('option.removeKey')))
    .option('--json', text('option.json'))
    .option('-q, --quiet', text('option.quiet'))
    .action(async (paths: readonly string[]) => {
      const options: SealOptions = command.optsWithGlobals();
      const session = await context.open(settingFlags(options));
      if (options.rewrap) await rewrapAll(paths, options, session, context.host);
      else await sealAll(paths, options, session, context.host);
    });
}

async function sealAll(paths: readonly string[], options: SealOptions, session: Session, host: Host): Promise<void> {
  const { lang } = session;
  const targets = await readTargets(options, session, host);
  if (targets.length === 0) throw new SluiceError('USAGE', { reason: say(lang, 'seal.needsTarget') });
  const files = await filesBelow(paths, host.cwd, (name) => !name.endsWith(SUFFIX));
  if (files.length === 0) throw new SluiceError('USAGE', { reason: say(lang, 'seal.noFiles', { path: paths[0] }) });
  const { sealFile } = await session.api();
  const progress = createWorkProgress(session.err, host.stderr, host.now, !options.quiet && !options.json);
  for (const { path, relative } of files) {
    const to =
      options.out === undefined ? `${path}${SUFFIX}` : `${join(resolve(host.cwd, options.out), relative)}${SUFFIX}`;
    await folderFor(to);
    progress.begin(relative);
    const sealed = await sealFile(path, to, {
      targets,
      cipher: options.cipher === 'chacha' ? 'CHACHA20-POLY1305' : 'AES-256-GCM',
      bind: { ...(options.bind === undefined ? {} : { artifact: options.bind }), path: relative },
      replace: options.force ?? false,
      signal: host.signal,
      progress: progress.told,
    }).finally(progress.settle);
    const { sizeBytes, sealedBytes, plainSha256: sha256 } = sealed;
    const event: SluiceEvent = { type: 'file.sealed', file: path, to, sizeBytes, sealedBytes, sha256 };
    if (options.json) session.print(JSON.stringify(event));
    else if (!options.quiet)
      printDone(say(lang, 'seal.sealed', { file: relative, arrow: session.out.signs.arrow, to }), session);
  }
}

async function rewrapAll(paths: readonly string[], options: SealOptions, session: Session, host: Host): Promise<void> {
  const { lang } = session;
  const keys = await readKeys(options.key, session, host);
  if (keys.length === 0) throw new SluiceError('USAGE', { reason: say(lang, 'seal.needsKey') });
  const add = await readTargets(options, session, host);
  const files = await filesBelow(paths, host.cwd, (name) => name.endsWith(SUFFIX));
  if (files.length === 0) throw new SluiceError('USAGE', { reason: say(lang, 'seal.noFiles', { path: paths[0] }) });
  const { rewrapFile } = await session.api();
  for (const { path, relative } of files) {
    const kids = await rewrapFile(path, { keys, add, remove: options.remove ?? [], signal: host.signal });
    if (options.json) session.print(JSON.stringify({ file: path, recipients: kids }));
    else if (!options.quiet) printDone(say(lang, 'seal.rewrapped', { file: relative, keys: kids.join(', ') }), session);
  }
}

async function readTargets(
  { to = [], passphrase = [] }: SealOptions,
  session: Session,
  host: Host,
): Promise<readonly SealTarget[]> {
  const { readSealTarget, readPassphrase } = await session.api();
  const surroundings = { env: host.env, resolve: (path: string) => resolve(host.cwd, path) };
  return Promise.all([
    ...to.map((name) => readSealTarget(name, surroundings)),
    ...passphrase.map((name) => readPassphrase(name, surroundings)),
  ]);
}

/** What was done with a file, in lines that fit. */
export function printDone(text: string, session: Session): void {
  for (const line of layLine({ sign: 'done', text }, session.out, session.outColumns())) session.print(line);
}

/** Makes the folder of a file that is to be written. @throws SluiceError */
export async function folderFor(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true }).catch((thrown: unknown) => {
    throw toSluiceError(thrown, { path: dirname(path) });
  });
}
