import net from 'node:net';
import tls from 'node:tls';

import { SluiceError } from '../base/index.js';
import { dialFault, faultReason, tlsFault } from './fault.js';
import type { Proxy, ProxyChoice } from './proxy.js';
import { openTunnel } from './tunnel.js';

/** How long one address may take before the next of the name is tried beside it; above the round trip of a bad mobile link. */
const ATTEMPT_MS = 500;
const MAX_SESSIONS = 100;
const KEEP_ALIVE_PROBE_MS = 30_000;

export interface DialOptions {
  readonly proxyFor: ProxyChoice;
  readonly secureContext: tls.SecureContext | undefined;
  readonly connectTimeoutMs: number;
}

/** Where to: `https:` is given a finished TLS connection. */
export interface DialTarget {
  readonly protocol: string;
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
}

/** Opens connections: the name, the proxy if any, its tunnel, TLS; all of it within one time limit. */
export class Dialler {
  readonly #options: DialOptions;
  readonly #underway = new Set<(error: Error) => void>();
  readonly #sessions = new Map<string, Buffer>();

  constructor(options: DialOptions) {
    this.#options = options;
  }

  /**
   * `onread` gives the memory that the connection reads into; sockets that are wrapped once more, as behind a proxy, would ignore it.
   * @throws SluiceError DNS, CONNECT, TLS or PROXY
   */
  async dial(target: DialTarget, onread?: net.OnReadOpts): Promise<net.Socket> {
    const host = formatHost(target);
    const proxy = this.#options.proxyFor(new URL(`${target.protocol}//${host}`));
    let current: net.Socket | undefined;
    let given: Error | undefined;
    const giveUp = (error: Error): void => {
      given ??= error;
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
      if (onread === undefined) return await this.#steps(target, host, proxy, hold);
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

  /** Ends every dialling under way. */
  destroy(): void {
    for (const giveUp of this.#underway) giveUp(new SluiceError('INTERRUPTED'));
  }

  async #steps(
    target: DialTarget,
    host: string,
    proxy: Proxy | undefined,
    hold: (socket: net.Socket) => net.Socket,
  ): Promise<net.Socket> {
    const wantsTls = target.protocol === 'https:';
    let socket: net.Socket;
    if (proxy === undefined) {
      socket = await openTcp(tcpOptions(target), hold).catch(rethrow((error) => dialFault(error, host)));
    } else {
      const authority = `${bracketed(target.hostname)}:${target.port}`;
      socket = await this.#openProxy(proxy, wantsTls ? authority : undefined, hold).catch(
        rethrow((error) => proxyFault(error, proxy)),
      );
    }
    if (!wantsTls) return socket;
    return this.#secure(socket, target, host, hold).catch(rethrow((error) => tlsFault(error, host)));
  }

  async #openProxy(
    proxy: Proxy,
    authority: string | undefined,
    hold: (socket: net.Socket) => net.Socket,
  ): Promise<net.Socket> {
    let socket = await openTcp(tcpOptions(proxy), hold);
    if (proxy.secure) socket = await this.#secure(socket, proxy, proxy.host, hold);
    if (authority !== undefined) await openTunnel(socket, authority, proxy);
    return socket;
  }

  /** One socket from the name to the last byte: what reads into given memory has to be made for it from the start. */
  async #direct(
    target: DialTarget,
    host: string,
    reading: { readonly onread: net.OnReadOpts },
    hold: (socket: net.Socket) => net.Socket,
  ): Promise<net.Socket> {
    const options = { ...tcpOptions(target), ...reading };
    if (target.protocol !== 'https:') return openTcp(options, hold).catch(rethrow((error) => dialFault(error, host)));
    const socket = this.#handshake({ ...options, ...this.#tlsOptions(target, host) }, host);
    let isConnected = false;
    socket.once('connect', () => {
      isConnected = true;
      socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_PROBE_MS);
    });
    hold(socket);
    return settled(socket, 'secureConnect').catch(
      rethrow((error) => (isConnected ? tlsFault(error, host) : dialFault(error, host))),
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
    socket.on('session', (ticket: Buffer) => this.#remember(host, ticket));
    return socket;
  }

  #tlsOptions(to: { readonly hostname: string }, host: string): tls.ConnectionOptions {
    const session = this.#sessions.get(host);
    return {
      ...(net.isIP(to.hostname) === 0 ? { servername: to.hostname } : {}),
      ...(this.#options.secureContext === undefined ? {} : { secureContext: this.#options.secureContext }),
      ...(session === undefined ? {} : { session }),
      ALPNProtocols: ['http/1.1'],
    };
  }

  #remember(host: string, ticket: Buffer): void {
    this.#sessions.delete(host);
    this.#sessions.set(host, ticket);
    const oldest = this.#sessions.keys().next().value;
    if (this.#sessions.size > MAX_SESSIONS && oldest !== undefined) this.#sessions.delete(oldest);
  }
}

/** `name`, or `name:port` where the port is not the scheme's own. */
function formatHost(target: DialTarget): string {
  const standard = target.protocol === 'https:' ? 443 : 80;
  const name = bracketed(target.hostname);
  return target.port === standard ? name : `${name}:${target.port}`;
}

function bracketed(hostname: string): string {
  return net.isIPv6(hostname) ? `[${hostname}]` : hostname;
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

function openTcp(options: net.NetConnectOpts, hold: (socket: net.Socket) => net.Socket): Promise<net.Socket> {
  const socket = net.connect(options);
  hold(socket);
  return settled(socket, 'connect');
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

function proxyFault(thrown: unknown, proxy: Proxy): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  return new SluiceError('PROXY', { host: proxy.host, reason: faultReason(thrown) }, { cause: thrown });
}

function rethrow(map: (error: unknown) => SluiceError): (error: unknown) => never {
  return (error) => {
    throw map(error);
  };
}
