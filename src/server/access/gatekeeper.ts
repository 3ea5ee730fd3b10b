import { createHash, randomBytes } from 'node:crypto';
import type { Caller } from '../../hubs/index.js';
import type { Credentials } from './credentials.js';
import { hashToken, isOwnToken } from './own-token.js';
import { hashPassword, isPassword, type Users } from './passwords.js';
import type { TokenRecord } from './tokens.js';

export interface Keys {
  readonly tokens: readonly TokenRecord[];
  readonly users: Users;
  /** Whether anybody may read. */
  readonly anonymous: boolean;
}

/** Who somebody is, and what of it goes to faces. */
export type Admission =
  | { readonly kind: 'in'; readonly who: string | undefined; readonly caller: Caller }
  | { readonly kind: 'refused' }
  /** Too many passwords are being checked. */
  | { readonly kind: 'busy' };

/** A password that was right need not be hashed again for so long. */
const REMEMBER_MS = 60_000;
const MOST_REMEMBERED = 1024;
/** Checks of passwords at once, each some 50 ms and 32 MiB; and those that may wait for one. */
const MOST_CHECKS = 16;
/** What can stand in a header as a token. */
const TOKEN = /^[\x21-\x7e]{1,4096}$/;

/**
 * Decides who comes in. A token or password of this server names a caller, and is never passed on. Any other token is meant for the
 * upstream: it is passed on where anybody may read, and opens nothing where not. A token of a Sluice server that is not (or no longer) good
 * here is refused, never passed on.
 */
export class Gatekeeper {
  #byHash = new Map<string, TokenRecord>();
  #keys: Keys = { tokens: [], users: new Map(), anonymous: false };
  readonly #now: () => number;
  /** Hashes of right passwords with the time until which they are believed, salted so that memory gives none away. */
  readonly #remembered = new Map<string, number>();
  readonly #salt = randomBytes(16);
  /** Whoever is nobody here takes as long to refuse as who gave a wrong password. */
  #nobody: Promise<string> | undefined;
  #checks = 0;

  constructor(keys: Keys, now: () => number = Date.now) {
    this.#now = now;
    this.use(keys);
  }

  /** From now on. */
  use(keys: Keys): void {
    this.#keys = keys;
    this.#byHash = new Map(keys.tokens.map((record) => [record.hash, record]));
    this.#remembered.clear();
  }

  async admit(credentials: Credentials): Promise<Admission> {
    switch (credentials.kind) {
      case 'none':
        return this.#keys.anonymous ? { kind: 'in', who: undefined, caller: {} } : { kind: 'refused' };
      case 'broken':
        return { kind: 'refused' };
      case 'token':
        return this.#byToken(credentials.token);
      case 'password':
        return this.#byPassword(credentials.user, credentials.password);
    }
  }

  #byToken(token: string): Admission {
    // What is looked up is a hash: how much of it somebody met tells nothing about a token.
    const record = this.#byHash.get(hashToken(token));
    if (record !== undefined && this.#isGood(record)) return { kind: 'in', who: record.name, caller: {} };
    if (record !== undefined || isOwnToken(token) || !this.#keys.anonymous) return { kind: 'refused' };
    return { kind: 'in', who: undefined, caller: { token } };
  }

  #isGood({ expiresAt, revokedAt }: TokenRecord): boolean {
    return revokedAt === null && (expiresAt === null || Date.parse(expiresAt) > this.#now());
  }

  async #byPassword(user: string, password: string): Promise<Admission> {
    if (isOwnToken(password) || this.#byHash.has(hashToken(password))) return this.#byToken(password);
    const { users, anonymous } = this.#keys;
    const hash = users.get(user);
    // Without users of our own, a password can only be a token for the upstream.
    if (hash === undefined && anonymous) return TOKEN.test(password) ? this.#byToken(password) : { kind: 'refused' };
    const who = { kind: 'in', who: user, caller: {} } as const;
    const key = createHash('sha256')
      .update(this.#salt)
      .update(JSON.stringify([user, password]))
      .digest('hex');
    if (hash !== undefined && (this.#remembered.get(key) ?? 0) > this.#now()) return who;
    if (this.#checks >= MOST_CHECKS) return { kind: 'busy' };
    this.#checks += 1;
    try {
      const isRight = await isPassword(password, hash ?? (await (this.#nobody ??= hashPassword(''))));
      if (!isRight || hash === undefined || this.#keys.users.get(user) !== hash) return { kind: 'refused' };
    } finally {
      this.#checks -= 1;
    }
    if (this.#remembered.size >= MOST_REMEMBERED) this.#remembered.clear();
    this.#remembered.set(key, this.#now() + REMEMBER_MS);
    return who;
  }
}
