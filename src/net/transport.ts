import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';

import { Agent, Pool, type Client, type buildConnector } from 'undici';

import { SluiceError } from '../base/index.js';
import { Dialler } from './dial.js';
import { Hop } from './hop.js';
import { MAX_HEADER_BYTES, MAX_REDIRECTS } from './limits.js';
import type { BodySink, GetRequest, Headers, Transport } from './port.js';
import { chooseProxy, type ProxyChoice } from './proxy.js';
import { redirectTarget } from './redirect.js';
import { trustContext } from './trust.js';
import { ValvedClient, type ValvedRequest } from './valved-client.js';

export interface TransportOptions {
  /** `http://[user:password@]host:port` or `https://…`: https goes through it by CONNECT, http in absolute form. */
  readonly proxy?: string | undefined;
  /** For http:// URLs, where that is another one, or none; `proxy` unless told. */
  readonly httpProxy?: string | false;
  /** Hosts that are reached without the proxy, as in `NO_PROXY`. */
  readonly noProxy?: string | undefined;
  /** PEM files with CAs to trust beside the default ones. */
  readonly caFiles?: readonly string[];
  readonly userAgent?: string;
  /** For everything up to the finished connection: name, proxy, TLS. */
  readonly connectTimeoutMs?: number;
  /** From the request on the wire to the head of its answer. */
  readonly headTimeoutMs?: number;
  /** No byte of a body for that long is STALLED; time that the sink takes is not counted. */
  readonly idleMs?: number;
  readonly maxConnectionsPerHost?: number;
}

/** Headers that identify the caller: they are for one origin and must come as `credentials`. */
const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

/**
 * The transport over undici: HTTP/1.1 with kept connections. It asks for identity encoding always, and a successful answer in
 * another one is a BAD_RESPONSE, unless the coding is the file's own format (`x.tar.gz` as `gzip`), whose bytes are passed as they are.
 * @throws SluiceError BAD_SETTING when the proxy or a CA file makes no sense
 */
export function createTransport(options: TransportOptions = {}): Transport {
  return new UndiciTransport(options);
}

class UndiciTransport implements Transport {
  readonly #agent: Agent;
  readonly #dialler: Dialler;
  readonly #proxyFor: ProxyChoice;
  readonly #options: TransportOptions;
  #requestCount = 0;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#proxyFor = chooseProxy(options);
    this.#dialler = new Dialler({
      proxyFor: this.#proxyFor,
      secureContext: trustContext(options.caFiles ?? []),
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    });
    this.#agent = new Agent({
      factory: (origin, poolOptions: Pool.Options) =>
        new Pool(origin, {
          ...poolOptions,
          factory: (url, clientOptions: Client.Options) => new ValvedClient(url, clientOptions, this.#dial),
        }),
      connections: options.maxConnectionsPerHost ?? 64,
      pipelining: 1,
      maxHeaderSize: MAX_HEADER_BYTES,
      // Each hop watches its own silence, which undici's one-second timers cannot do while a sink holds it back.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 10_000,
    });
  }

  get requestCount(): number {
    return this.#requestCount;
  }

  async get(request: GetRequest, sink: BodySink): Promise<void> {
    const first = parseUrl(request.url);
    // One signal serves a whole pull; Node warns of a leak from the eleventh listener on.
    setMaxListeners(0, request.signal);
    const seen = new Set<string>();
    const fixed = this.#fixedHeaders(request);
    let credentials = request.credentials ?? {};
    for (let url = first; ;) {
      if (seen.size > MAX_REDIRECTS) throw tooMany(first, `more than ${MAX_REDIRECTS}`);
      if (seen.has(url.href)) throw tooMany(first, 'in a circle');
      seen.add(url.href);
      const head = await this.#hop(url, { ...fixed, ...credentials }, request.signal, sink);
      if (head === undefined) return;
      const target = redirectTarget(url, head.headers.location);
      // Once gone they stay gone: a host in between could lead back with a path of its own choice.
      if (target.origin !== first.origin) credentials = {};
      request.onRedirect?.(target.href, head);
      url = target;
    }
  }

  async close(): Promise<void> {
    this.#dialler.destroy();
    await this.#agent.destroy();
  }

  #hop(url: URL, headers: Headers, signal: AbortSignal, sink: BodySink): Hop['outcome'] {
    // An https proxy request is tunnelled; only plain http is sent to the proxy itself.
    const proxy = url.protocol === 'http:' ? this.#proxyFor(url) : undefined;
    const hop = new Hop({
      url,
      sink,
      signal,
      headTimeoutMs: this.#options.headTimeoutMs ?? 30_000,
      idleMs: this.#options.idleMs ?? 20_000,
      ...(proxy === undefined ? {} : { proxyHost: proxy.host }),
      onWire: () => {
        this.#requestCount += 1;
      },
    });
    if (signal.aborted) return hop.outcome;
    const proxyAuth = proxy?.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization };
    const path = url.pathname + url.search;
    try {
      const options: ValvedRequest & { readonly origin: string } = {
        origin: url.origin,
        path: proxy === undefined ? path : url.origin + path,
        method: 'GET',
        headers: { ...headers, ...proxyAuth },
        takeValve: (valve) => hop.takeValve(valve),
      };
      this.#agent.dispatch(options, hop);
    } catch (error) {
      hop.refuse(error);
    }
    return hop.outcome;
  }

  #fixedHeaders(request: GetRequest): Headers {
    const headers: Record<string, string> = {
      'user-agent': this.#options.userAgent ?? 'sluice',
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

  readonly #dial = (target: buildConnector.Options): Promise<Socket> => {
    const port = target.port === '' ? (target.protocol === 'https:' ? 443 : 80) : Number(target.port);
    return this.#dialler.dial({ protocol: target.protocol, hostname: target.hostname, port });
  };
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
