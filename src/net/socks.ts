import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';

import type { SocksProxy } from './parse-proxy.js';
import { proxyRefusal } from './proxy-refusal.js';
import { readReply } from './read-reply.js';

const VERSION = 5;
const NO_ACCOUNT = 0;
const ACCOUNT = 2;
const NOTHING_FITS = 0xff;
const CONNECT = 1;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;
const MAX_NAME_BYTES = 255;

/** RFC 1928 §6. */
const REFUSALS: readonly string[] = [
  'it failed',
  'its rules do not allow it',
  'the network is unreachable',
  'no route to the host',
  'connection refused',
  'timed out',
  'it cannot do that',
  'it does not know such addresses',
];

/** Where to: a name, which the proxy looks up, or an address. */
export interface SocksTarget {
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
}

/**
 * Asks an open connection to a SOCKS proxy to connect it with `target`, RFC 1928, with name and password (RFC 1929) where the proxy wants them.
 * @throws SluiceError PROXY
 */
export async function openSocks(socket: Duplex, target: SocksTarget, proxy: SocksProxy): Promise<void> {
  const request = Buffer.concat([Buffer.of(VERSION, CONNECT, 0), addressOf(target, proxy), portOf(target.port)]);
  const methods = proxy.account === undefined ? [NO_ACCOUNT] : [NO_ACCOUNT, ACCOUNT];
  socket.write(Buffer.of(VERSION, methods.length, ...methods));
  const [version, method = NOTHING_FITS] = await readReply(socket, proxy, () => 2);
  if (version !== VERSION) throw proxyRefusal(proxy, 'it does not speak SOCKS 5');
  if (method === ACCOUNT && proxy.account !== undefined) await logIn(socket, proxy, proxy.account);
  else if (method !== NO_ACCOUNT) throw proxyRefusal(proxy, wantsMore(method, proxy));
  socket.write(request);
  const reply = await readReply(socket, proxy, (received) => replyLength(received, proxy));
  const code = reply[1] ?? 1;
  if (code !== 0) throw proxyRefusal(proxy, REFUSALS[code - 1] ?? `it failed (${code})`);
}

async function logIn(
  socket: Duplex,
  proxy: SocksProxy,
  { user, password }: { readonly user: string; readonly password: string },
): Promise<void> {
  socket.write(Buffer.concat([Buffer.of(1), counted(user), counted(password)]));
  const [, status] = await readReply(socket, proxy, () => 2);
  if (status !== 0) throw proxyRefusal(proxy, 'it does not accept the user name and password');
}

function wantsMore(method: number, proxy: SocksProxy): string {
  if (method !== NOTHING_FITS) return `it chose a way to log in that was not offered (${method})`;
  return proxy.account === undefined ? 'it wants a user name and a password' : 'it wants another way to log in';
}

/** The reply ends in an address whose kind and length it says itself; of a refusal only the code counts, and some end there. */
function replyLength(received: Buffer, proxy: SocksProxy): number | undefined {
  const [version, code, , kind, nameBytes] = received;
  if (version !== VERSION) throw proxyRefusal(proxy, 'it does not speak SOCKS 5');
  if (code === undefined) return undefined;
  if (code !== 0) return 2;
  if (kind === undefined) return undefined;
  if (kind === IPV4) return 10;
  if (kind === IPV6) return 22;
  if (kind !== NAME) throw proxyRefusal(proxy, 'it does not speak SOCKS 5');
  return nameBytes === undefined ? undefined : 7 + nameBytes;
}

function addressOf({ hostname }: SocksTarget, proxy: SocksProxy): Buffer {
  const family = isIP(hostname);
  if (family === 4) return Buffer.of(IPV4, ...hostname.split('.').map(Number));
  if (family === 6) return Buffer.concat([Buffer.of(IPV6), ipv6Bytes(hostname)]);
  if (Buffer.byteLength(hostname) > MAX_NAME_BYTES) throw proxyRefusal(proxy, 'the name of the host is too long');
  return Buffer.concat([Buffer.of(NAME), counted(hostname)]);
}

/** The 16 bytes of an address that `isIP` knows; a zone (`%eth0`) means nothing to a proxy. */
function ipv6Bytes(address: string): Buffer {
  // URLs write every address in hexadecimal groups, the last four bytes of a mapped one too.
  const canonical = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => parseInt(group, 16)));
  const before = groups(head);
  const after = groups(tail ?? '');
  const bytes = Buffer.alloc(16);
  before.forEach((group, index) => bytes.writeUInt16BE(group, 2 * index));
  after.forEach((group, index) => bytes.writeUInt16BE(group, 2 * (8 - after.length + index)));
  return bytes;
}

function portOf(port: number): Buffer {
  return Buffer.of(port >> 8, port & 0xff);
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}
