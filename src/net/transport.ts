import { setMaxListeners } from 'node:events';

import { SluiceError } from '../base/index.js';
import { Dialler } from './dial.js';
import { FastRoad } from './fast/fast-road.js';
import { Oddities } from './fast/oddities.js';
import { LateUndiciRoad } from './late-undici-road.js';
import { MAX_REDIRECTS } from './limits.js';
import { Names } from './names.js';
import { Permits } from './permits.js';
import type { BodySink, GetRequest, Headers, Transport } from './port.js';
import { chooseProxy, type ProxyChoice } from './proxy.js';
import { redirectTarget } from './redirect.js';
import type { Leg, LegEnd } from './road.js';
import type { TransportOptions } from './transport-options.js';
import { Trust } from './trust.js';
import { WayIn } from './way-in.js';

/** Headers that identify the caller: they are for one origin and must come as `credentials`. */
const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

/**
 * HTTP/1.1 over kept connections, on two roads: bulk bytes come straight from the sockets where an answer is plain enough for that, and
 * everything else through undici. It asks for identity encoding always, and a successful answer in another one is a BAD_RESPONSE, unless
 * the coding is the file's own format (`x.tar.gz` as `gzip`), whose bytes are passed as they are.
 * @throws SluiceError BAD_SETTING when the proxy or a CA file makes no sense
 */
export function createTransport(options: TransportOptions = {}, names: Names = new Names()): Transport {
  return new TwoRoads(options, names);
}

class TwoRoads implements Transport {
  readonly blueprint: TransportOptions;
  readonly #dialler: Dialler;
  readonly #proxyFor: ProxyChoice;
  readonly #userAgent: string;
  readonly #fast: FastRoad | undefined;
  readonly #undici: LateUndiciRoad;
  readonly #oddities = new Oddities();
  readonly #permits: Permits;
  readonly #wayIn: WayIn;
  #requestCount = 0;

  constructor(options: TransportOptions, names: Names) {
    this.blueprint = options;
    this.#userAgent = options.userAgent ?? 'sluice';
    this.#proxyFor = chooseProxy(options);
    const maxConnectionsPerHost = options.maxConnectionsPerHost ?? 64;
    this.#permits = new Permits(maxConnectionsPerHost);
    this.#wayIn = new WayIn({ names, proxyFor: this.#proxyFor, namedHosts: () => options.namedHosts ?? [] });
    this.#dialler = new Dialler({
      names,
      proxyFor: this.#proxyFor,
      trust: new Trust(options.caFiles ?? []),
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      maxConnectionsPerHost,
      // As no more requests than that are under way, there is one without use, on one road or the other.
      makeRoom: (origin) => {
        if (this.#fast?.dropIdle(origin) !== true) this.#undici.dropIdle(origin);
      },
    });
    const shared = {
      dialler: this.#dialler,
      maxConnectionsPerHost,
      headTimeoutMs: options.headTimeoutMs ?? 30_000,
      idleMs: options.idleMs ?? 20_000,
    };
    this.#undici = new LateUndiciRoad({ ...shared, proxyFor: this.#proxyFor });
    this.#fast = options.fast === false ? undefined : new FastRoad(shared);
  }

  get requestCount(): number {
    return this.#requestCount;
  }

  countElsewhere(requests: number): void {
    this.#requestCount += requests;
  }

  async get(request: GetRequest, sink: BodySink): Promise<void> {
    const first = parseUrl(request.url);
    // One signal serves a whole pull; Node warns of a leak from the eleventh listener on.
    setMaxListeners(0, request.signal);
    const seen = new Set<string>();
    const fixed = this.#fixedHeaders(request);
    const { isAlone = false, send } = request;
    let credentials = request.credentials ?? {};
    const onWire = (): void => {
      this.#requestCount += 1;
      request.onWire?.();
    };
    if (request.givenBy !== undefined) await this.#wayIn.check(new URL(request.givenBy), first);
    for (let url = first; ;) {
      if (seen.size > MAX_REDIRECTS) throw tooMany(first, `more than ${MAX_REDIRECTS}`);
      if (seen.has(url.href)) throw tooMany(first, 'in a circle');
      seen.add(url.href);
      const headers = { ...fixed, ...credentials };
      const sending = send === undefined ? {} : { send };
      const head = await this.#go({ url, headers, isAlone, signal: request.signal, sink, onWire, ...sending });
      if (head === undefined) return;
      if (send !== undefined)
        throw new SluiceError('REDIRECTS', { host: url.host, reason: `of a ${send.method}, which is not followed` });
      const target = redirectTarget(url, head.headers.location);
      await this.#wayIn.check(url, target);
      // Once gone they stay gone: a host in between could lead back with a path of its own choice.
      if (target.origin !== first.origin) credentials = {};
      request.onRedirect?.(target.href, head);
      url = target;
    }
  }

  warm(url: string, connections: number): void {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) return;
    const fast = this.#fast;
    if (fast === undefined || this.#proxyFor(parsed) !== undefined) return;
    void this.#wayIn.mayWarm(parsed).then((may) => {
      if (may) fast.warm(parsed, connections);
    });
  }

  trim(url: string, most: number): void {
    if (URL.canParse(url)) this.#fast?.trim(new URL(url).origin, most);
  }

  async close(): Promise<void> {
    this.#permits.close();
    this.#dialler.destroy();
    this.#fast?.close();
    await this.#undici.close();
  }

  async #go(leg: Leg): Promise<LegEnd> {
    const giveBack = await this.#permits.take(leg.url.origin, leg.signal);
    try {
      return await this.#choose(leg);
    } finally {
      giveBack();
    }
  }

  async #choose(leg: Leg): Promise<LegEnd> {
    const fast = this.#fast;
    const isPlain = leg.send === undefined && !this.#oddities.has(leg);
    if (fast === undefined || this.#proxyFor(leg.url) !== undefined || !isPlain) return this.#undici.go(leg);
    const end = await fast.go(leg);
    if (end.kind === 'over') return end.redirect;
    if (end.isLasting) this.#oddities.note(leg);
    // The sink has seen nothing of it, and a GET may be asked twice.
    return this.#undici.go(leg);
  }

  #fixedHeaders(request: GetRequest): Headers {
    const headers: Record<string, string> = {
      'user-agent': this.#userAgent,
      accept: '*/*',
      ...request.headers,
      'accept-encoding': 'identity',
    };
    for (const name of Object.keys(headers)) {
      if (CREDENTIAL_HEADERS.has(name.toLowerCase()))
        throw new SluiceError('INTERNAL', { reason: `the header ${name} must be given as a credential` });
    }
    if (request.range !== undefined) {
      const { startByte, endByte } = request.range;
      headers.range = `bytes=${startByte}-${endByte === undefined ? '' : endByte - 1}`;
    }
    return headers;
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new SluiceError('INTERNAL', { reason: `not an http(s) URL: ${text}` });
  if (url.username !== '' || url.password !== '')
    throw new SluiceError('INTERNAL', { reason: 'credentials in a URL must be given as credentials' });
  url.hash = '';
  return url;
}

function tooMany(first: URL, reason: string): SluiceError {
  return new SluiceError('REDIRECTS', { host: first.host, reason });
}
