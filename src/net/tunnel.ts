import type { Duplex } from 'node:stream';

import { printable } from '../base/index.js';
import type { HttpProxy } from './parse-proxy.js';
import { proxyRefusal } from './proxy-refusal.js';
import { readReply } from './read-reply.js';

/**
 * Asks an open connection to an HTTP proxy for a tunnel to `authority` (`host:port`), RFC 9110 §9.3.6.
 * @throws SluiceError PROXY, with the proxy's `status` when it answered
 */
export async function openTunnel(socket: Duplex, authority: string, proxy: HttpProxy): Promise<void> {
  const auth = proxy.authorization === undefined ? '' : `Proxy-Authorization: ${proxy.authorization}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${auth}\r\n`);
  const head = (await readReply(socket, proxy, headLength)).toString('latin1');
  const match = /^HTTP\/1\.[01] (\d{3})(?: ([^\r\n]*))?/.exec(head);
  if (match === null) throw proxyRefusal(proxy, 'its answer is not HTTP');
  const status = Number(match[1]);
  if (status < 200 || status > 299) throw proxyRefusal(proxy, printable(`${status} ${match[2] ?? ''}`.trim()), status);
}

function headLength(received: Buffer): number | undefined {
  const end = received.indexOf('\r\n\r\n');
  return end < 0 ? undefined : end + 4;
}
