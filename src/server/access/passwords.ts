import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { SluiceError } from '../../base/index.js';

/** About 50 ms and 32 MiB for each check. */
const COST = { N: 2 ** 15, r: 8, p: 1 };
/** So that a file of users cannot ask for a machine's whole memory. */
const MOST_MEMORY_BYTES = 256 * 2 ** 20;
const KEY_BYTES = 32;

/** Users by name, each with the hash of a password. */
export type Users = ReadonlyMap<string, string>;

/** `scrypt$N$r$p$salt$key`, salt and key in base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const { N, r, p } = COST;
  const key = await derive(password, salt, COST);
  return ['scrypt', N, r, p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Whether a password is the one of a hash; takes as long when it is not. */
export async function isPassword(password: string, hash: string): Promise<boolean> {
  const parsed = parseHash(hash);
  if (parsed === undefined) return false;
  return timingSafeEqual(await derive(password, parsed.salt, parsed.cost), parsed.key);
}

/**
 * A file of users: `name:hash` per line, `#` begins a comment.
 * @throws SluiceError BAD_SETTING for a line that is none: a user who is silently left out is a riddle
 */
export function parseUsers(text: string, path: string): Users {
  const users = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const entry = line.trim();
    if (entry === '' || entry.startsWith('#')) continue;
    const colon = entry.indexOf(':');
    const [name, hash] = [entry.slice(0, colon), entry.slice(colon + 1)];
    if (colon < 1 || parseHash(hash) === undefined || users.has(name))
      throw new SluiceError('BAD_SETTING', {
        key: 'serve.users',
        where: path,
        reason: `line ${index + 1} is not name:hash, or names somebody again; \`sluice token hash\` makes a hash`,
      });
    users.set(name, hash);
  }
  return users;
}

interface Hash {
  readonly cost: { readonly N: number; readonly r: number; readonly p: number };
  readonly salt: Buffer;
  readonly key: Buffer;
}

function parseHash(text: string): Hash | undefined {
  const match = /^scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([\w-]{11,100})\$([\w-]{43})$/.exec(text);
  if (match === null) return undefined;
  const [N = 0, r = 0, p = 0] = match.slice(1, 4).map(Number);
  const isPower = N > 1 && (N & (N - 1)) === 0;
  if (!isPower || r < 1 || p < 1 || 128 * N * r >= MOST_MEMORY_BYTES) return undefined;
  const [salt = '', key = ''] = match.slice(4);
  return { cost: { N, r, p }, salt: Buffer.from(salt, 'base64url'), key: Buffer.from(key, 'base64url') };
}

function derive(password: string, salt: Buffer, cost: Hash['cost']): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, KEY_BYTES, { ...cost, maxmem: MOST_MEMORY_BYTES }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
