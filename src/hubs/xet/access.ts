import { SluiceError } from '../../base/index.js';
import { fetchJson, type Headers, type ResponseHead, type SmallContext } from '../../net/index.js';
import { encodePath } from '../endpoint.js';
import type { RepositoryRef } from '../ref.js';
import { statusRefusal, type Asked } from '../refusal.js';
import { MAX_RECONSTRUCTION_BYTES, TOKEN_MARGIN_MS } from './limits.js';
import type { ByteSpan } from './port.js';
import { parseReconstruction, parseToken, type Reconstruction, type Refuse, type XetToken } from './wire.js';

/** Where a hub hands out tokens. `endpoint` is its base URL; `revision` a commit, branch or tag. */
export function xetTokenUrl(endpoint: string, repository: RepositoryRef, revision: string): string {
  const id = encodePath(repository.id);
  return `${endpoint}/api/${repository.kind}s/${id}/xet-read-token/${encodeURIComponent(revision)}`;
}

export interface XetAccessOptions extends SmallContext {
  /** As `xetTokenUrl` makes it. */
  readonly tokenUrl: string;
  /** For the hub; never sent anywhere else. */
  readonly credentials?: Headers;
  /** The error that a refusal of the hub means. */
  failure(head: ResponseHead, body: string): SluiceError;
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

/** A repository's way into the content service: its token, fetched when first needed and again before it ends, and what is asked with it. */
export interface XetAccess {
  /**
   * The terms of a span of a file, and where their xorbs are to be had. Version 2 of the interface, or 1 where there is no other.
   * @throws SluiceError FILE_NOT_FOUND, RANGE_REFUSED, UNAUTHORIZED, BAD_RESPONSE and what small requests meet
   */
  reconstruct(fileId: string, span: ByteSpan, signal: AbortSignal): Promise<XetReconstruction>;
  /** Requests made so far: tokens, reconstructions. */
  readonly requestCount: number;
}

export interface XetReconstruction extends Reconstruction {
  /** Of the service that gave it. */
  readonly host: string;
}

/** However short a token's life is said to be, it is used this long: the clocks may differ. */
const SHORTEST_USE_MS = 10_000;

export function createXetAccess(options: XetAccessOptions): XetAccess {
  return new Access(options);
}

interface Held {
  readonly token: XetToken;
  readonly useUntilMs: number;
}

class Access implements XetAccess {
  readonly #options: XetAccessOptions;
  readonly #now: () => number;
  #held: Promise<Held> | undefined;
  /** Services that have no version 2. */
  readonly #older = new Set<string>();
  requestCount = 0;

  constructor(options: XetAccessOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  async reconstruct(fileId: string, span: ByteSpan, signal: AbortSignal): Promise<XetReconstruction> {
    const held = await this.#hold(signal);
    try {
      return await this.#ask(held.token, fileId, span, signal);
    } catch (thrown) {
      if (!(thrown instanceof SluiceError) || thrown.code !== 'UNAUTHORIZED') throw thrown;
      const current = await this.#hold(signal);
      // Only the first of those who were refused drops it.
      if (current.token.accessToken === held.token.accessToken) this.#held = undefined;
      return this.#ask((await this.#hold(signal)).token, fileId, span, signal);
    }
  }

  async #ask(token: XetToken, fileId: string, span: ByteSpan, signal: AbortSignal): Promise<XetReconstruction> {
    if (this.#older.has(token.casUrl)) return this.#askVersion('v1', token, fileId, span, signal);
    try {
      return await this.#askVersion('v2', token, fileId, span, signal);
    } catch (thrown) {
      if (!isUnknown(thrown)) throw thrown;
      const answer = await this.#askVersion('v1', token, fileId, span, signal);
      this.#older.add(token.casUrl);
      return answer;
    }
  }

  async #askVersion(
    version: 'v1' | 'v2',
    token: XetToken,
    fileId: string,
    span: ByteSpan,
    signal: AbortSignal,
  ): Promise<XetReconstruction> {
    const { host, origin } = new URL(token.casUrl);
    const asked: Asked = { origin, path: `the Xet file ${fileId}`, withToken: true };
    const { value } = await this.#fetch({
      url: `${token.casUrl}/${version}/reconstructions/${fileId}`,
      givenBy: this.#options.tokenUrl,
      credentials: { authorization: `Bearer ${token.accessToken}` },
      range: span,
      signal,
      limitBytes: MAX_RECONSTRUCTION_BYTES,
      failure: (head, body) =>
        head.status === 501
          ? new SluiceError('FILE_NOT_FOUND', { host, path: asked.path ?? '' })
          : statusRefusal(head, body, asked),
    });
    return { ...parseReconstruction(value, token.casUrl, refusal(host)), host };
  }

  async #hold(signal: AbortSignal): Promise<Held> {
    for (;;) {
      const holding = (this.#held ??= this.#askToken(signal));
      try {
        const held = await holding;
        if (this.#now() < held.useUntilMs) return held;
        if (this.#held === holding) this.#held = undefined;
      } catch (thrown) {
        if (this.#held === holding) this.#held = undefined;
        // Another's request that was given up is no failure of ours.
        if (!(thrown instanceof SluiceError) || thrown.code !== 'INTERRUPTED' || signal.aborted) throw thrown;
      }
    }
  }

  async #askToken(signal: AbortSignal): Promise<Held> {
    const { tokenUrl, credentials } = this.#options;
    const { head, value } = await this.#fetch({
      url: tokenUrl,
      ...(credentials === undefined ? {} : { credentials }),
      signal,
      failure: (answer, body) => this.#options.failure(answer, body),
    });
    const token = parseToken(value, tokenUrl, refusal(new URL(head.url).host));
    const useUntilMs = Math.max(token.expiresAtMs - TOKEN_MARGIN_MS, this.#now() + SHORTEST_USE_MS);
    return { token, useUntilMs };
  }

  #fetch(request: Parameters<typeof fetchJson>[1]): ReturnType<typeof fetchJson> {
    this.requestCount += 1;
    return fetchJson(this.#options, request);
  }
}

function refusal(host: string): Refuse {
  return (reason) => new SluiceError('BAD_RESPONSE', { host, reason });
}

function isUnknown(thrown: unknown): boolean {
  return thrown instanceof SluiceError && thrown.code === 'FILE_NOT_FOUND';
}
