import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Content } from '../../src/sim/index.js';

export interface LargeOrigin {
  readonly url: string;
  /** Body bytes that were sent, ever, without looks at a first byte. */
  readonly sentBytes: () => number;
}

const BLOCK_BYTES = 1024 * 1024;

/** Files far too large to be hashed, by plain HTTP with an ETag each: nobody says what they are. */
export async function largeOrigin(files: Readonly<Record<string, Content>>): Promise<LargeOrigin> {
  let sentBytes = 0;
  const server = createServer((request, response) => {
    const content = files[(request.url ?? '').slice(1)];
    if (content === undefined) {
      response.writeHead(404).end();
      return;
    }
    const { sizeBytes } = content;
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const start = Number(first ?? 0);
    const end = last === undefined || last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
    const part = first === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${sizeBytes}` };
    const headers = { etag: `"v1-${sizeBytes}"`, 'accept-ranges': 'bytes', 'content-length': end - start, ...part };
    response.writeHead(first === undefined ? 200 : 206, headers);
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    let at = start;
    const send = (): void => {
      if (response.destroyed) return;
      const bytes = Math.min(BLOCK_BYTES, end - at);
      at += bytes;
      response.write(content.read(at - bytes, bytes), () => {
        if (end - start > 1) sentBytes += bytes;
        if (at < end) send();
        else response.end();
      });
    };
    send();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sentBytes: () => sentBytes };
}
