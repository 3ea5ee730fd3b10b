import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { SluiceError, type Lang } from '../base/index.js';
import type { SealKey } from '../proof/index.js';
import type { PullRequest } from '../pull/index.js';
import type { CommandContext, Session } from './context.js';
import type { Host } from './host.js';
import { addNetworkOptions, repeatable, settingFlags, type SettingOptions } from './options.js';
import { readRefList, separateRefs, tokenHub } from './ref-list.js';
import { say } from './texts/index.js';

/** The options that `pull` and `plan` share. */
export interface PullOptions extends SettingOptions {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly list?: string;
  readonly to?: string;
  readonly source?: readonly string[];
  readonly revision?: string;
  readonly pieces?: string;
  readonly trustKey?: readonly string[];
  readonly key?: readonly string[];
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly allow?: readonly string[];
  readonly signature?: readonly string[];
}

export function addPullOptions(command: Command, context: CommandContext): void {
  const { say: text } = context;
  command
    .argument('[refs...]', text('argument.refs'))
    .option('--include <patterns...>', text('option.include'))
    .option('--exclude <patterns...>', text('option.exclude'))
    .option('--revision <revision>', text('option.revision'))
    .option('--list <file>', text('option.list'))
    .option('--pieces <file|url>', text('option.pieceList'))
    .option('--to <dir>', text('option.to'))
    .addOption(new Option('--view <view>', text('option.view')))
    .addOption(repeatable('--trust-key <key>', text('option.trustKey')))
    .addOption(repeatable('--source <url>', text('option.source')))
    .option('--policy <file>', text('option.policy'))
    .addOption(repeatable('--signature <file>', text('option.signature')))
    .addOption(repeatable('--allow <rule>', text('option.allow')));
  addNetworkOptions(command, context);
}

/** Settings opened and requests made, one per ref. @throws SluiceError USAGE */
export async function openPull(
  named: readonly string[],
  options: PullOptions,
  context: CommandContext,
): Promise<{ session: Session; requests: readonly PullRequest[] }> {
  const { host } = context;
  const base = await context.open(settingFlags({ ...options, token: '' }));
  const { refs, include, exclude } = separateRefs(named, options.include ?? [], options.exclude ?? []);
  const listed = options.list === undefined ? [] : await readRefList(options.list, host, base.lang);
  const all = [...new Set([...refs, ...listed])];
  checkCombination(all, options, base.lang);
  const session =
    options.token === undefined ? base : await context.open(settingFlags(options, tokenHub(all, base.lang)));
  const keys = await readKeys(options.key, session, host);
  const shared = { include, exclude, sources: options.source ?? [], ...optional(options, session, host) };
  const opening = keys.length === 0 ? {} : { keys };
  return { session, requests: all.map((ref) => ({ ref, ...shared, ...opening })) };
}

function optional(
  options: PullOptions,
  session: Session,
  host: Host,
): Pick<PullRequest, 'revision' | 'view' | 'to' | 'pieces' | 'trustKeys' | 'allow' | 'signatures'> {
  const { view } = session.loaded.settings;
  return {
    ...(options.revision === undefined ? {} : { revision: options.revision }),
    ...(view === undefined ? {} : { view }),
    ...(options.to === undefined ? {} : { to: resolve(host.cwd, options.to) }),
    ...(options.allow === undefined ? {} : { allow: options.allow }),
    ...(options.signature === undefined
      ? {}
      : { signatures: options.signature.map((path) => resolve(host.cwd, path)) }),
    ...givenPieces(options, host),
  };
}

/** The keys of `--key`. @throws SluiceError USAGE */
export async function readKeys(names: readonly string[] | undefined, session: Session, host: Host): Promise<SealKey[]> {
  if (names === undefined) return [];
  const { readSealKey } = await session.api();
  const surroundings = { env: host.env, resolve: (path: string) => resolve(host.cwd, path) };
  return Promise.all(names.map((name) => readSealKey(name, surroundings)));
}

/** What says what pieces must be, with names of files made absolute. */
export function givenPieces(
  { pieces, trustKey }: Pick<PullOptions, 'pieces' | 'trustKey'>,
  { cwd }: Pick<Host, 'cwd'>,
): Pick<PullRequest, 'pieces' | 'trustKeys'> {
  const isUrl = pieces !== undefined && /^https?:\/\//.test(pieces);
  return {
    ...(pieces === undefined ? {} : { pieces: isUrl ? pieces : resolve(cwd, pieces) }),
    ...(trustKey === undefined
      ? {}
      : { trustKeys: trustKey.map((key) => (key.startsWith('ed25519:') ? key : resolve(cwd, key))) }),
  };
}

function checkCombination(refs: readonly string[], options: PullOptions, lang: Lang): void {
  const refuse = (key: Parameters<typeof say>[1]): never => {
    throw new SluiceError('USAGE', { reason: say(lang, key) });
  };
  if (refs.length === 0) refuse('usage.noRefs');
  if (refs.length > 1 && options.revision !== undefined) refuse('usage.revisionMany');
  const mixes = options.view === undefined || options.view === 'flat';
  if (refs.length > 1 && options.to !== undefined && mixes) refuse('usage.toMany');
  if (options.json && options.quiet) refuse('usage.jsonQuiet');
}
