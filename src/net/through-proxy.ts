import net from 'node:net';
import type { LookupAddress } from 'node:dns';

import { dialFault, faultReason } from './fault.js';
import { bracketed, type DialTarget } from './dial-target.js';
import type { HttpProxy, Proxy, SocksProxy, SshProxy } from './parse-proxy.js';
import type { Permits } from './permits.js';
import { proxyRefusal } from './proxy-refusal.js';
import { openSocks } from './socks.js';
import { SshTunnel } from './ssh-tunnel.js';
import { openTunnel } from './tunnel.js';
import { SluiceError } from '../base/index.js';

/** What ways through proxies are made of. */
export interface ProxyTools {
  readonly openTcp: (to: { readonly hostname: string; readonly port: number }) => Promise<net.Socket>;
  readonly secure: (socket: net.Socket, proxy: HttpProxy) => Promise<net.Socket>;
  readonly find: (hostname: string) => Promise<readonly LookupAddress[]>;
  /** Lets someone who opens a connection end it. */
  readonly hold: (socket: net.Socket) => net.Socket;
  /** Of `ssh` until the first answer: servers drop those who are too many before they have logged in. */
  readonly logins: Permits;
  readonly connectTimeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * A connection to `target` through the proxy, without TLS to the target; for http and an HTTP proxy one to the proxy itself.
 * @throws SluiceError PROXY; DNS where names are found here
 */
export async function throughProxy(proxy: Proxy, target: DialTarget, tools: ProxyTools): Promise<net.Socket> {
  try {
    if (proxy.kind === 'http') return await throughHttp(proxy, target, tools);
    if (proxy.kind === 'socks') return await throughSocks(proxy, target, tools);
    return await throughSsh(proxy, target, tools);
  } catch (thrown) {
    if (thrown instanceof SluiceError) throw thrown;
    throw new SluiceError('PROXY', { host: proxy.host, reason: faultReason(thrown) }, { cause: thrown });
  }
}

async function throughHttp(proxy: HttpProxy, target: DialTarget, tools: ProxyTools): Promise<net.Socket> {
  let socket = await tools.openTcp(proxy);
  if (proxy.secure) socket = await tools.secure(socket, proxy);
  if (target.protocol === 'https:') await openTunnel(socket, authorityOf(target), proxy);
  return socket;
}

async function throughSocks(proxy: SocksProxy, target: DialTarget, tools: ProxyTools): Promise<net.Socket> {
  let refused: SluiceError | undefined;
  for (const hostname of await hostnamesFor(proxy, target, tools)) {
    const socket = await tools.openTcp(proxy);
    try {
      await openSocks(socket, { hostname, port: target.port }, proxy);
      return socket;
    } catch (thrown) {
      socket.destroy();
      if (!(thrown instanceof SluiceError)) throw thrown;
      refused = thrown;
    }
  }
  throw refused ?? proxyRefusal(proxy, 'no address to ask it for');
}

/** Of each family the first: the proxy may have only one of them. */
async function hostnamesFor(proxy: SocksProxy, target: DialTarget, tools: ProxyTools): Promise<readonly string[]> {
  const { hostname } = target;
  if (proxy.names === 'there' || net.isIP(hostname) !== 0) return [hostname];
  const found = await tools.find(hostname).catch((error: unknown) => {
    throw dialFault(error, hostname);
  });
  const firsts = found.filter(({ family }, at) => found.findIndex((each) => each.family === family) === at);
  return firsts.map(({ address }) => address);
}

/** Whether the way is open shows with the first answer: `ssh` says nothing before. */
async function throughSsh(proxy: SshProxy, target: DialTarget, tools: ProxyTools): Promise<net.Socket> {
  const loggedIn = await tools.logins.take(proxy.host, tools.signal);
  const tunnel = new SshTunnel(proxy, authorityOf(target), tools.connectTimeoutMs);
  let isIn = false;
  const enter = (): void => {
    if (!isIn) loggedIn();
    isIn = true;
  };
  tunnel.once('answered', enter).once('close', enter);
  // Between two owners an error must not end the process.
  tunnel.on('error', () => undefined);
  // TLS and undici use of a socket what every duplex stream has.
  return tools.hold(tunnel as unknown as net.Socket);
}

function authorityOf(target: DialTarget): string {
  return `${bracketed(target.hostname)}:${target.port}`;
}
