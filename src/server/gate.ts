import type { IncomingMessage } from 'node:http';
import type { Admission, Gatekeeper } from './access/gatekeeper.js';
import { readCredentials } from './access/credentials.js';
import type { Headers } from '../net/index.js';
import { MAX_BODY_BYTES, MAX_HEADERS, WRONG_CREDENTIALS } from './limits.js';
import { isProbe } from './own-routes.js';
import type { ServerPolicy } from './policy.js';
import type { RefusalReason } from './refusal.js';
import { Crowd } from './request/crowd.js';
import { limitKey, TrustedPeers } from './request/peers.js';
import { publicUrl, withoutPrefix } from './request/public-url.js';
import { Rates } from './request/rate.js';
import { countHeader } from './request/read-request.js';
import { parseTarget } from './request/target.js';

/** A request that may go on. */
export interface Passed {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly path: string;
  readonly query: URLSearchParams;
  readonly publicUrl: string;
  readonly admission: Extract<Admission, { kind: 'in' }>;
}

export type Verdict =
  | { readonly passed: Passed }
  | { readonly asksMethods: true }
  | { readonly refused: RefusalReason; readonly retryAfterMs?: number };

const NOBODY = { kind: 'in', who: undefined, caller: {} } as const;

/** What is known of a request besides what Node parsed. */
export interface Judged {
  readonly headers: Headers;
  /** Address of who is connected. */
  readonly peer: string;
  readonly isTls: boolean;
  /** Paths that need no credentials of this server. */
  readonly isOpen: (path: string) => boolean;
}

/** Everything that is asked of a request before a face sees it. */
export class Gate {
  readonly requests = new Crowd();
  readonly connections = new Crowd();
  readonly #gatekeeper: Gatekeeper;
  readonly #rates = new Rates();
  readonly #wrong = new Rates();
  #policy: ServerPolicy;
  #trusted: TrustedPeers;
  isDraining = false;

  constructor(policy: ServerPolicy, gatekeeper: Gatekeeper) {
    this.#policy = policy;
    this.#trusted = new TrustedPeers(policy.trustedProxies);
    this.#gatekeeper = gatekeeper;
  }

  use(policy: ServerPolicy): void {
    this.#policy = policy;
    this.#trusted = new TrustedPeers(policy.trustedProxies);
  }

  get policy(): ServerPolicy {
    return this.#policy;
  }

  clientOf(peer: string, headers: Headers): string {
    return this.#trusted.clientOf(peer, headers);
  }

  /** Whether a connection, counted already, is one too many; known when its first request comes. */
  connectionRefusal(peer: string): RefusalReason | undefined {
    const { connections, clientConnections } = this.#policy;
    if (this.connections.size > connections) return 'connections';
    // Behind a proxy everybody comes from its address.
    const isTooMany = this.connections.of(limitKey(peer)) > clientConnections && !this.#trusted.has(peer);
    return isTooMany ? 'client-connections' : undefined;
  }

  async judge(message: IncomingMessage, { headers, peer, isTls, isOpen }: Judged): Promise<Verdict> {
    const client = limitKey(this.clientOf(peer, headers));
    const { method } = message;
    if (message.rawHeaders.length > 2 * MAX_HEADERS) return { refused: 'headers' };
    // Nobody shows who he is when he asks how he may ask, and the answer is the same for all that there is.
    if (method === 'OPTIONS') return this.#crowded(client) ?? { asksMethods: true };
    const target = parseTarget(message.url ?? '');
    if (target === undefined) return { refused: 'target' };
    const url = this.#publicUrl(message, headers, peer, isTls);
    if (url === undefined) return { refused: 'host' };
    const path = withoutPrefix(target.path, url);
    if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return { refused: 'method' };
    const passed = { method, path, query: target.query, publicUrl: url } as const;
    if (isProbe(path)) return { passed: { ...passed, admission: NOBODY } };
    const crowded = this.#crowded(client);
    if (crowded !== undefined) return crowded;
    if (Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES) return { refused: 'body' };
    if (isOpen(path)) return { passed: { ...passed, admission: NOBODY } };
    const wrongMs = this.#wrong.waitMs(client, WRONG_CREDENTIALS);
    if (wrongMs > 0) return { refused: 'wrong-credentials', retryAfterMs: wrongMs };
    const credentials = readCredentials(headers);
    const admission = await this.#gatekeeper.admit(credentials);
    if (admission.kind === 'busy') return { refused: 'busy' };
    if (admission.kind === 'in') return { passed: { ...passed, admission } };
    if (credentials.kind !== 'none') this.#wrong.take(client, WRONG_CREDENTIALS);
    return { refused: 'credentials' };
  }

  #publicUrl(message: IncomingMessage, headers: Headers, peer: string, isTls: boolean): string | undefined {
    if (countHeader(message, 'host') > 1) return undefined;
    const believesProxy = this.#trusted.has(peer);
    // Only HTTP/1.0 may leave it out.
    const local = message.socket.localAddress ?? 'localhost';
    const host = `${local.includes(':') ? `[${local}]` : local}:${message.socket.localPort ?? 80}`;
    const named = headers.host === undefined ? { ...headers, host } : headers;
    return publicUrl({ configured: this.#policy.publicUrl, believesProxy, isTls }, named);
  }

  #crowded(client: string): Verdict | undefined {
    const { requests, clientRequests, clientRate } = this.#policy;
    if (this.isDraining) return { refused: 'draining' };
    // The one that is judged is counted already.
    if (this.requests.size > requests) return { refused: 'requests' };
    if (this.requests.of(client) > clientRequests) return { refused: 'client-requests' };
    const waitMs = clientRate === undefined ? 0 : this.#rates.take(client, clientRate);
    return waitMs > 0 ? { refused: 'client-rate', retryAfterMs: waitMs } : undefined;
  }
}
