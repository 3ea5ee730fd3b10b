import net from 'node:net';
import tls from 'node:tls';

import { SluiceError } from '../base/index.js';
import { dialFault, faultReason, tlsFault } from './fault.js';
import type { Proxy, ProxyChoice } from './proxy.js';
import { openTunnel } from './tunnel.js';

/** How long one address may take before the next of the name is tried beside it; above the round trip of a bad mobile link. */
const ATTEMPT_MS = 500;
const MAX_SESSIONS = 100;

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

  /** @throws SluiceError DNS, CONNECT, TLS or PROXY */
  async dial(target: DialTarget): Promise<net.Socket> {
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
      return await this.#steps(target, host, proxy, hold);
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
      socket = await openTcp(target, hold).catch(rethrow((error) => dialFault(error, host)));
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
    let socket = await openTcp(proxy, hold);
    if (proxy.secure) socket = await this.#secure(socket, proxy, proxy.host, hold);
    if (authority !== undefined) await openTunnel(socket, authority, proxy);
    return socket;
  }

  #secure(
    socket: net.Socket,
    to: { readonly hostname: string; readonly port: number },
    host: string,
    hold: (socket: net.Socket) => net.Socket,
  ): Promise<tls.TLSSocket> {
    const session = this.#sessions.get(host);
    const secured = tls.connect({
      socket,
      host: to.hostname,
      ...(net.isIP(to.hostname) === 0 ? { servername: to.hostname } : {}),
      ...(this.#options.secureContext === undefined ? {} : { secureContext: this.#options.secureContext }),
      ...(session === undefined ? {} : { session }),
      ALPNProtocols: ['http/1.1'],
    });
    secured.on('session', (ticket: Buffer) => this.#remember(host, ticket));
    hold(secured);
    return settled(secured, 'secureConnect');
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

function openTcp(
  to: { readonly hostname: string; readonly port: number },
  hold: (socket: net.Socket) => net.Socket,
): Promise<net.Socket> {
  const socket = net.connect({
    host: to.hostname,
    port: to.port,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ATTEMPT_MS,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  });
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
