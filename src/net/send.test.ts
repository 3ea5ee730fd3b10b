import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { fetchSmall } from './fetch-small.js';
import { createHostGate } from './host-gate.js';
import { createTransport } from './transport.js';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

interface Sent {
  readonly method: string | undefined;
  readonly body: string;
  readonly length: string | undefined;
}

/** Sends to a server that answers with these statuses, one after the other. */
async function send(method: 'POST' | 'PUT', body: string, statuses: readonly number[]): Promise<readonly Sent[]> {
  const seen: Sent[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const status = statuses[seen.length] ?? 201;
      seen.push({
        method: request.method,
        body: Buffer.concat(chunks).toString(),
        length: request.headers['content-length'],
      });
      response.writeHead(status, { location: '/elsewhere' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const transport = createTransport({});
  open.push(
    () => transport.close(),
    () => server.close(),
  );
  const { signal } = new AbortController();
  const answer = fetchSmall(
    { transport, gate: createHostGate(), emit: () => undefined },
    {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`,
      send: { method, body: Buffer.from(body) },
      signal,
      failure: (head) => new Error(`status ${head.status}`) as never,
    },
  );
  return answer.then(() => seen);
}

describe('a request that brings something', () => {
  it.each<['POST' | 'PUT', string]>([
    ['POST', ''],
    ['PUT', 'bytes'],
    ['PUT', 'x'.repeat(3_000_000)],
  ])('%s comes whole, with its length', async (method, body) => {
    expect(await send(method, body, [201])).toEqual([{ method, body, length: String(body.length) }]);
  });

  it.each([301, 302, 303, 307, 308])('is sent to nobody else by a %i', async (status) => {
    await expect(send('POST', 'bytes', [status])).rejects.toMatchObject({ code: 'REDIRECTS' });
  });
});
