import type { Duplex } from 'node:stream';

import { SluiceError, printable } from '../base/index.js';
import type { Proxy } from './proxy.js';

const MAX_ANSWER_BYTES = 16 * 1024;

/**
 * Asks an open connection to an HTTP proxy for a tunnel to `authority` (`host:port`), RFC 9110 §9.3.6.
 * @throws SluiceError PROXY, with the proxy's `status` when it answered
 */
export async function openTunnel(socket: Duplex, authority: string, proxy: Proxy): Promise<void> {
  const auth = proxy.authorization === undefined ? '' : `Proxy-Authorization: ${proxy.authorization}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${auth}\r\n`);
  const head = await readHead(socket, proxy);
  const match = /^HTTP\/1\.[01] (\d{3})(?: ([^\r\n]*))?/.exec(head);
  if (match === null) throw refusal(proxy, 'its answer is not HTTP');
  const status = Number(match[1]);
  if (status < 200 || status > 299) throw refusal(proxy, printable(`${status} ${match[2] ?? ''}`.trim()), status);
}

/** Reads up to the empty line, and not one byte further: what follows belongs to the tunnel. */
function readHead(socket: Duplex, proxy: Proxy): Promise<string> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    const stop = (): void => {
      socket.off('readable', onReadable).off('end', onEnd).off('error', onError).off('close', onEnd);
    };
    const onError = (error: Error): void => {
      stop();
      reject(error);
    };
    const onEnd = (): void => {
      stop();
      reject(refusal(proxy, 'it closed the connection'));
    };
    const onReadable = (): void => {
      for (let chunk = readChunk(socket); chunk !== null; chunk = readChunk(socket)) {
        received = Buffer.concat([received, chunk]);
        const end = received.indexOf('\r\n\r\n');
        if (end >= 0) {
          stop();
          if (received.length > end + 4) socket.unshift(received.subarray(end + 4));
          resolve(received.toString('latin1', 0, end));
          return;
        }
        if (received.length > MAX_ANSWER_BYTES) {
          onError(refusal(proxy, 'its answer is too long'));
          return;
        }
      }
    };
    socket.on('readable', onReadable).on('end', onEnd).on('error', onError).on('close', onEnd);
  });
}

function readChunk(socket: Duplex): Buffer | null {
  return socket.read() as Buffer | null;
}

function refusal(proxy: Proxy, reason: string, status?: number): SluiceError {
  return new SluiceError('PROXY', { host: proxy.host, reason, ...(status === undefined ? {} : { status }) });
}
