import net from 'node:net';
import tls from 'node:tls';

import { SluiceError } from '../base/index.js';
import { formatHost, type DialTarget } from './dial-target.js';
import { dialFault, tlsFault } from './fault.js';
import { Names } from './names.js';
import type { Proxy } from './parse-proxy.js';
import { Permits } from './permits.js';
import type { ProxyChoice } from './proxy.js';
import { Sessions } from './sessions.js';
import { throughProxy } from './through-proxy.js';
import type { Trust } from './trust.js';

/** How long one address may take before the next of the name is tried beside it; above the round trip of a bad mobile link. */
const ATTEMPT_MS = 500;
const KEEP_ALIVE_PROBE_MS = 30_000;
/** Below the 10 from which on OpenSSH drops some of those who have not logged in (`MaxStartups`). */
const MAX_SSH_LOGINS = 6;

export interface DialOptions {
  readonly proxyFor: ProxyChoice;
  readonly trust: Trust;
  readonly connectTimeoutMs: number;
  readonly maxConnectionsPerHost: number;
  /** Called before a connection that would be one too many for its origin: whoever has one without use is to close it. */
  readonly makeRoom?: (origin: string) => void;
  readonly names?: Names;
}

/** Opens connections: the name, the proxy if any, its tunnel, TLS; all of it within one time limit. */
export class Dialler {
  readonly #options: DialOptions;
  readonly #underway = new Set<(error: Error) => void>();
  readonly #sessions = new Sessions();
  readonly #names: Names;
  readonly #sshLogins = new Permits(MAX_SSH_LOGINS);
  /** Connections of each origin, those on their way included. */
  readonly #open = new Map<string, number>();

  constructor(options: DialOptions) {
    this.#options = options;
    this.#names = options.names ?? new Names();
  }

  /**
   * `onread` gives the memory that the connection reads into; sockets that are wrapped once more, as behind a proxy, would ignore it.
   * @throws SluiceError DNS, CONNECT, TLS or PROXY
   */
  async dial(target: DialTarget, onread?: net.OnReadOpts): Promise<net.Socket> {
    const url = new URL(`${target.protocol}//${formatHost(target)}`);
    const leave = this.#enter(url.origin);
    try {
      const socket = await this.#dialTrusting(target, this.#options.proxyFor(url), onread);
      if (socket.destroyed) leave();
      else socket.once('close', leave);
      return socket;
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Ends every dialling under way. */
  destroy(): void {
    for (const giveUp of this.#underway) giveUp(new SluiceError('INTERRUPTED'));
  }

  #enter(origin: string): () => void {
    const { maxConnectionsPerHost, makeRoom } = this.#options;
    const open = this.#open.get(origin) ?? 0;
    if (open >= maxConnectionsPerHost) makeRoom?.(origin);
    this.#open.set(origin, open + 1);
    return () => {
      const left = (this.#open.get(origin) ?? 1) - 1;
      if (left > 0) this.#open.set(origin, left);
      else this.#open.delete(origin);
    };
  }

  /** A server whose authority is not known is tried once more with the system's authorities. */
  async #dialTrusting(
    target: DialTarget,
    proxy: Proxy | undefined,
    onread: net.OnReadOpts | undefined,
  ): Promise<net.Socket> {
    const { trust } = this.#options;
    const wasWide = trust.isWide;
    try {
      return await this.#dial(target, proxy, onread);
    } catch (error) {
      if (wasWide || !trust.widenFor(error)) throw error;
      return this.#dial(target, proxy, onread);
    }
  }

  async #dial(target: DialTarget, proxy: Proxy | undefined, onread?: net.OnReadOpts): Promise<net.Socket> {
    const host = formatHost(target);
    let current: net.Socket | undefined;
    let given: Error | undefined;
    const over = new AbortController();
    const giveUp = (error: Error): void => {
      given ??= error;
      over.abort();
      current?.destroy(error);
    };
    const hold = (socket: net.Socket): net.Socket => {
      current = socket;
      if (given !== undefined) socket.destroy(given);
      return socket;
    };
    const seconds = Math.round(this.#options.connectTimeoutMs / 1000);
    const timer = setTimeout(() => {
      giveUp(timedOut(seconds, host, proxy));
    }, this.#options.connectTimeoutMs);
    this.#underway.add(giveUp);
    try {
      if (onread === undefined) return await this.#steps(target, host, proxy, hold, over.signal);
      if (proxy !== undefined) throw new SluiceError('INTERNAL', { reason: 'onread behind a proxy' });
      return await this.#direct(target, host, { onread }, hold);
    } catch (error) {
      current?.destroy();
      throw given ?? error;
    } finally {
      clearTimeout(timer);
      this.#underway.delete(giveUp);
    }
  }

  async #steps(
    target: DialTarget,
    host: string,
    proxy: Proxy | undefined,
    hold: (socket: net.Socket) => net.Socket,
    signal: AbortSignal,
  ): Promise<net.Socket> {
    const socket = await (proxy === undefined
      ? this.#openTcp(tcpOptions(target), hold).catch(rethrow((error) => dialFault(error, host)))
      : throughProxy(proxy, target, {
          openTcp: (to) => this.#openTcp(tcpOptions(to), hold),
          secure: (open, to) => this.#secure(open, to, to.host, hold),
          find: (hostname) => this.#names.find(hostname),
          hold,
          logins: this.#sshLogins,
          connectTimeoutMs: this.#options.connectTimeoutMs,
          signal,
        }));
    if (target.protocol !== 'https:') return socket;
    return this.#secure(socket, target, host, hold).catch(rethrow((error) => tlsFault(error, host)));
  }

  /** One socket from the name to the last byte: what reads into given memory has to be made for it from the start. */
  async #direct(
    target: DialTarget,
    host: string,
    reading: { readonly onread: net.OnReadOpts },
    hold: (socket: net.Socket) => net.Socket,
  ): Promise<net.Socket> {
    const options = { ...tcpOptions(target), ...reading };
    if (target.protocol !== 'https:')
      return this.#openTcp(options, hold).catch(rethrow((error) => dialFault(error, host)));
    const looking = { ...options, lookup: this.#names.lookup };
    const socket = this.#handshake({ ...looking, ...this.#tlsOptions(target, host) }, host);
    this.#names.watch(target.hostname, socket);
    let isConnected = false;
    socket.once('connect', () => {
      isConnected = true;
      socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_PROBE_MS);
    });
    hold(socket);
    return settled(socket, 'secureConnect').catch(
      rethrow((error) => {
        if (isConnected) return tlsFault(error, host);
        this.#names.failed(target.hostname);
        return dialFault(error, host);
      }),
    );
  }

  #secure(
    socket: net.Socket,
    to: { readonly hostname: string },
    host: string,
    hold: (socket: net.Socket) => net.Socket,
  ): Promise<tls.TLSSocket> {
    const secured = this.#handshake({ socket, host: to.hostname, ...this.#tlsOptions(to, host) }, host);
    hold(secured);
    return settled(secured, 'secureConnect');
  }

  #handshake(options: tls.ConnectionOptions, host: string): tls.TLSSocket {
    const socket = tls.connect(options);
    let isUp = false;
    socket.on('session', (ticket: Buffer) => this.#sessions.remember(host, ticket));
    socket.once('secureConnect', () => (isUp = true));
    const onEnd = (): void => {
      if (!isUp) this.#sessions.forget(host);
    };
    socket.once('error', onEnd).once('close', onEnd);
    return socket;
  }

  #tlsOptions(to: { readonly hostname: string }, host: string): tls.ConnectionOptions {
    const session = this.#sessions.get(host);
    const secureContext = this.#options.trust.context();
    return {
      ...(net.isIP(to.hostname) === 0 ? { servername: to.hostname } : {}),
      ...(secureContext === undefined ? {} : { secureContext }),
      ...(session === undefined ? {} : { session }),
      ALPNProtocols: ['http/1.1'],
    };
  }

  /** @throws the system's error */
  #openTcp(options: net.TcpNetConnectOpts, hold: (socket: net.Socket) => net.Socket): Promise<net.Socket> {
    const { host = '' } = options;
    const socket = net.connect({ ...options, lookup: this.#names.lookup });
    this.#names.watch(host, socket);
    hold(socket);
    return settled(socket, 'connect').catch((error: unknown) => {
      this.#names.failed(host);
      throw error;
    });
  }
}

function tcpOptions(to: { readonly hostname: string; readonly port: number }): net.TcpNetConnectOpts {
  return {
    host: to.hostname,
    port: to.port,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ATTEMPT_MS,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
  };
}

/** The socket once it is up. It keeps an error listener for good: an error between two owners must not end the process. */
function settled<S extends net.Socket>(socket: S, event: 'connect' | 'secureConnect'): Promise<S> {
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.once('close', () => {
      reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
    });
    socket.once(event, () => resolve(socket));
  });
}

function timedOut(seconds: number, host: string, proxy: Proxy | undefined): SluiceError {
  const reason = `no connection within ${seconds} s`;
  return proxy === undefined
    ? new SluiceError('CONNECT', { host, reason })
    : new SluiceError('PROXY', { host: proxy.host, reason: `${reason} to ${host}` });
}

function rethrow(map: (error: unknown) => SluiceError): (error: unknown) => never {
  return (error) => {
    throw map(error);
  };
}
