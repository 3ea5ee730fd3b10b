import type { Duplex } from 'node:stream';

import { proxyRefusal } from './proxy-refusal.js';
import type { Proxy } from './parse-proxy.js';

const MAX_REPLY_BYTES = 16 * 1024;

/**
 * Reads one reply of a proxy and not one byte further: what follows belongs to the tunnel. `measure` is given what has come so far and
 * says how long the reply is, or undefined while that cannot be told; what it throws ends the reading.
 * @throws SluiceError PROXY when the connection ends or the reply does not
 */
export function readReply(
  socket: Duplex,
  proxy: Proxy,
  measure: (received: Buffer) => number | undefined,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    const stop = (): void => {
      socket.off('readable', onReadable).off('end', onEnd).off('error', onError).off('close', onEnd);
    };
    const onError = (error: Error): void => {
      stop();
      reject(error);
    };
    const onEnd = (): void => onError(proxyRefusal(proxy, 'it closed the connection'));
    const onReadable = (): void => {
      for (let chunk = readChunk(socket); chunk !== null; chunk = readChunk(socket)) {
        received = Buffer.concat([received, chunk]);
        if (settle()) return;
      }
    };
    const settle = (): boolean => {
      let length: number | undefined;
      try {
        length = measure(received);
      } catch (error) {
        onError(error instanceof Error ? error : new Error(String(error)));
        return true;
      }
      if (length === undefined || length > received.length) {
        if (received.length <= MAX_REPLY_BYTES) return false;
        onError(proxyRefusal(proxy, 'its answer is too long'));
        return true;
      }
      stop();
      if (received.length > length) socket.unshift(received.subarray(length));
      resolve(received.subarray(0, length));
      return true;
    };
    // Between two replies it may have ended, and says so only once.
    if (socket.readableEnded || socket.destroyed) {
      onEnd();
      return;
    }
    socket.on('readable', onReadable).on('end', onEnd).on('error', onError).on('close', onEnd);
  });
}

function readChunk(socket: Duplex): Buffer | null {
  return socket.read() as Buffer | null;
}
