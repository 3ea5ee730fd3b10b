import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Caller } from '../../face.js';
import type { RepositoryKind } from '../../ref.js';

/** The files of a commit, for whoever holds it. */
export interface TokenGrant {
  readonly kind: RepositoryKind;
  readonly id: string;
  readonly commit: string;
  /** On whose behalf what is not public may be asked for. */
  readonly caller: Caller;
  readonly issuedMs: number;
  readonly expiresMs: number;
}

/** One xorb of one file. */
export interface XorbGrant {
  readonly kind: RepositoryKind;
  readonly id: string;
  readonly commit: string;
  readonly path: string;
  readonly index: number;
  /** Names the caller to this server alone; empty for what is public. */
  readonly handle: string;
  readonly issuedMs: number;
}

export type Verdict<T> = { readonly grant: T } | 'unknown' | 'expired';

const KINDS: readonly RepositoryKind[] = ['model', 'dataset', 'space'];
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * What clients carry from one request to the next. A token is sealed (AES-256-GCM), since it holds the caller's own; the address of a xorb, which ends up in logs,
 * holds nothing secret and is signed (HMAC-SHA-256). `key`: 32 bytes that all servers share which are to honour each other's.
 */
export class Grants {
  readonly #tokenKey: Buffer;
  readonly #urlKey: Buffer;
  readonly #urlLifeMs: number;
  readonly #now: () => number;

  constructor(key: Uint8Array, urlLifeMs: number, now: () => number) {
    this.#tokenKey = createHmac('sha256', key).update('sluice xet token').digest();
    this.#urlKey = createHmac('sha256', key).update('sluice xorb url').digest();
    this.#urlLifeMs = urlLifeMs;
    this.#now = now;
  }

  seal(grant: TokenGrant): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#tokenKey, nonce);
    const sealed = [cipher.update(JSON.stringify(grant), 'utf8'), cipher.final()];
    return Buffer.concat([nonce, ...sealed, cipher.getAuthTag()]).toString('base64url');
  }

  open(token: string): Verdict<TokenGrant> {
    const bytes = Buffer.from(token, 'base64url');
    if (bytes.length <= NONCE_BYTES + TAG_BYTES || bytes.length > 32 * 1024) return 'unknown';
    const decipher = createDecipheriv('aes-256-gcm', this.#tokenKey, bytes.subarray(0, NONCE_BYTES));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
      // Nobody but us can have written it.
      const grant = JSON.parse(text.toString()) as TokenGrant;
      return this.#now() < grant.expiresMs ? { grant } : 'expired';
    } catch {
      return 'unknown';
    }
  }

  /** Query of a xorb's address. */
  sign({ kind, id, commit, path, index, handle, issuedMs }: XorbGrant): string {
    const fields = { r: `${kind}s/${id}`, c: commit, p: path, i: String(index), h: handle, t: String(issuedMs) };
    return new URLSearchParams({ ...fields, s: this.#signature(fields) }).toString();
  }

  check(query: URLSearchParams): Verdict<XorbGrant> {
    const [r = '', c = '', p = '', i = '', h = '', t = ''] = ['r', 'c', 'p', 'i', 'h', 't'].map(
      (name) => query.get(name) ?? '',
    );
    const given = Buffer.from(query.get('s') ?? '');
    const right = Buffer.from(this.#signature({ r, c, p, i, h, t }));
    if (given.length !== right.length || !timingSafeEqual(given, right)) return 'unknown';
    const issuedMs = Number(t);
    if (this.#now() >= issuedMs + this.#urlLifeMs) return 'expired';
    const slash = r.indexOf('/');
    const kind = KINDS.find((each) => `${each}s` === r.slice(0, slash)) ?? 'model';
    return { grant: { kind, id: r.slice(slash + 1), commit: c, path: p, index: Number(i), handle: h, issuedMs } };
  }

  /** Names a caller without telling who it is. */
  handleOf({ token }: Caller): string {
    return createHmac('sha256', this.#urlKey)
      .update(`caller ${token ?? ''}`)
      .digest('base64url')
      .slice(0, 16);
  }

  #signature(fields: Readonly<Record<string, string>>): string {
    return createHmac('sha256', this.#urlKey)
      .update(JSON.stringify(Object.values(fields)))
      .digest('base64url');
  }
}
