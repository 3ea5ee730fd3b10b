import { SluiceError } from '../../base/index.js';
import type { Store } from '../../store/index.js';
import { hashToken, makeToken, makeTokenId } from './own-token.js';

/** What a caller may do; writing comes with hosted models. */
export type Role = 'read';

/** A token of this server as it is kept, a document of its own in the store: never the token itself. */
export interface TokenRecord {
  /** Names it to `sluice token revoke`. */
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the token, hex. */
  readonly hash: string;
  readonly createdAt: string;
  /** Null for one that never expires. */
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

/** The collection of the store that they are in. */
export const TOKENS = 'tokens';

export interface NewToken {
  readonly name: string;
  readonly role: Role;
  /** Undefined for one that never expires. */
  readonly lifeMs: number | undefined;
  readonly nowMs: number;
}

/** Makes a token. It is shown once, here; only its hash is kept. @throws SluiceError */
export async function createToken(
  { documents }: Store,
  { name, role, lifeMs, nowMs }: NewToken,
): Promise<{ readonly token: string; readonly record: TokenRecord }> {
  if (!/^[\w.@ -]{1,100}$/.test(name))
    throw new SluiceError('USAGE', { reason: 'a token is named with 1 to 100 letters, digits, spaces or . _ @ -' });
  const token = makeToken();
  const record: TokenRecord = {
    id: makeTokenId(),
    name,
    role,
    hash: hashToken(token),
    createdAt: new Date(nowMs).toISOString(),
    expiresAt: lifeMs === undefined ? null : new Date(nowMs + lifeMs).toISOString(),
    revokedAt: null,
  };
  await documents.write(TOKENS, record.id, record);
  return { token, record };
}

/** All that were made, the oldest first; documents that are no tokens are passed over, and so let nobody in. */
export async function listTokens({ documents }: Store): Promise<readonly TokenRecord[]> {
  const records = (await documents.list(TOKENS)).flatMap((read) =>
    read.status === 'ok' ? (parseTokenRecord(read.value) ?? []) : [],
  );
  return records.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
}

/** Takes a token back, by its id or, where only one has it, its name. The record stays. @throws SluiceError NOT_HERE */
export async function revokeToken(store: Store, idOrName: string, nowMs: number): Promise<TokenRecord> {
  const live = (await listTokens(store)).filter(({ revokedAt }) => revokedAt === null);
  const named = live.filter(({ id, name }) => id === idOrName || name === idOrName);
  const record = live.find(({ id }) => id === idOrName) ?? named[0];
  if (record === undefined || (record.id !== idOrName && named.length > 1))
    throw new SluiceError('USAGE', {
      reason:
        record === undefined ? `there is no token ${idOrName}` : `several tokens are named ${idOrName}: give the id`,
    });
  const revoked = { ...record, revokedAt: new Date(nowMs).toISOString() };
  await store.documents.write(TOKENS, record.id, revoked);
  return revoked;
}

const TEXTS = ['id', 'name', 'hash', 'createdAt'] as const;

/** A record as it was read. Undefined for anything that is none. */
export function parseTokenRecord(value: unknown): TokenRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const record = value as Readonly<Record<string, unknown>>;
  const { role, expiresAt, revokedAt } = record;
  if (role !== 'read' || !TEXTS.every((name) => typeof record[name] === 'string')) return undefined;
  if (!isTime(expiresAt) || !isTime(revokedAt)) return undefined;
  const { id, name, hash, createdAt } = record as Record<(typeof TEXTS)[number], string>;
  if (!/^[0-9a-f]{10}$/.test(id) || !/^[0-9a-f]{64}$/.test(hash)) return undefined;
  return { id, name, role, hash, createdAt, expiresAt, revokedAt };
}

function isTime(value: unknown): value is string | null {
  return value === null || (typeof value === 'string' && !Number.isNaN(Date.parse(value)));
}
