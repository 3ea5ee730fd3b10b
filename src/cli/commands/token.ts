import type { Command } from 'commander';
import { parseDuration, SluiceError } from '../../base/index.js';
import type { TokenRecord } from '../api.js';
import type { CommandContext, Session } from '../context.js';
import { settingFlags, type SettingOptions } from '../options.js';
import { renderTable } from '../render/table.js';
import { say } from '../texts/index.js';

interface TokenFlags extends SettingOptions {
  readonly json?: boolean;
  readonly expires?: string;
  readonly config?: string;
}

export function configure(command: Command, context: CommandContext): void {
  command
    .argument('<action>', context.say('argument.tokenAction'))
    .argument('[name]', context.say('argument.tokenName'))
    .option('--expires <time>', context.say('option.expires'))
    .option('--data <dir>', context.say('option.data'))
    .option('--config <file>', context.say('option.config'))
    .option('--json', context.say('option.json'));
  command.action(async (action: string, name: string | undefined) => {
    const options: TokenFlags = command.optsWithGlobals();
    const session = await context.open(settingFlags(options), options.config);
    if (action === 'create') await create(session, required(session, action, name), options);
    else if (action === 'revoke') await revoke(session, required(session, action, name), options);
    else if (action === 'list') await list(session, options, context.host.now());
    else if (action === 'hash') await hash(session, context.host.stdin);
    else throw usage(say(session.lang, 'token.needsAction', { action }));
  });
}

async function create(session: Session, name: string, { expires, json }: TokenFlags): Promise<void> {
  const lifeMs = expires === undefined ? undefined : parseDuration(expires);
  if (expires !== undefined && (lifeMs === undefined || lifeMs <= 0 || lifeMs > MOST_LIFE_MS))
    throw usage(say(session.lang, 'token.badExpiry', { value: expires }));
  const book = await (await session.api()).openTokenBook(session.loaded.settings.home);
  const { token, record } = await book.create({ name, role: 'read', lifeMs });
  if (json) {
    session.print(JSON.stringify({ token, ...shown(record) }));
    return;
  }
  session.print(token);
  session.printError(say(session.lang, 'token.created', { id: record.id }));
}

async function revoke(session: Session, name: string, { json }: TokenFlags): Promise<void> {
  const book = await (await session.api()).openTokenBook(session.loaded.settings.home);
  const record = await book.revoke(name);
  session.print(
    json ? JSON.stringify(shown(record)) : say(session.lang, 'token.revoked', { id: record.id, name: record.name }),
  );
}

async function list(session: Session, { json }: TokenFlags, nowMs: number): Promise<void> {
  const { lang, out } = session;
  const records = await (await (await session.api()).openTokenBook(session.loaded.settings.home)).list();
  if (json) {
    for (const record of records) session.print(JSON.stringify(shown(record)));
    return;
  }
  if (records.length === 0) {
    session.print(say(lang, 'token.none'));
    return;
  }
  const untilOf = ({ expiresAt, revokedAt }: TokenRecord): string => {
    if (revokedAt !== null) return say(lang, 'token.over', { time: dayOf(revokedAt) });
    if (expiresAt === null) return say(lang, 'token.forever');
    return Date.parse(expiresAt) > nowMs ? dayOf(expiresAt) : say(lang, 'token.over', { time: dayOf(expiresAt) });
  };
  const titles = ['token.id', 'token.name', 'token.role', 'token.made', 'token.until'] as const;
  const rows = records.map((record) => [record.id, record.name, record.role, dayOf(record.createdAt), untilOf(record)]);
  const columns = titles.map((title) => ({ title: say(lang, title) }));
  for (const line of renderTable(columns, rows, out, session.outColumns())) session.print(line);
}

/** The password comes by standard input: arguments stand in the history of shells and in lists of processes. */
async function hash(session: Session, stdin: AsyncIterable<Buffer | string>): Promise<void> {
  const chunks: string[] = [];
  for await (const chunk of stdin) chunks.push(String(chunk));
  const password = chunks.join('').replace(/\r?\n$/, '');
  if (password === '') throw usage(say(session.lang, 'token.needsPassword'));
  session.print(await (await session.api()).hashPassword(password));
}

/** Far enough for anybody, and near enough for a date. */
const MOST_LIFE_MS = 100 * 365 * 86_400_000;

/** Without the hash: nobody has a use for it. */
function shown({ id, name, role, createdAt, expiresAt, revokedAt }: TokenRecord): Omit<TokenRecord, 'hash'> {
  return { id, name, role, createdAt, expiresAt, revokedAt };
}

function dayOf(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}

function required({ lang }: Session, action: string, name: string | undefined): string {
  if (name === undefined) throw usage(say(lang, 'token.needsName', { action }));
  return name;
}

function usage(reason: string): SluiceError {
  return new SluiceError('USAGE', { reason });
}
