import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createTransport } from '../transport.js';

it('reads a body straight into memory of its sink', async () => {
  const body = Buffer.alloc(1_000_000, 'b');
  const server = createServer((_, response) => response.setHeader('content-length', body.length).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const transport = createTransport();
  onTestFinished(async () => {
    await transport.close();
    server.closeAllConnections();
    server.close();
  });
  const memory = Buffer.alloc(100_000);
  let direct = 0;
  let received = 0;
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await transport.get(
    { url, signal: new AbortController().signal },
    {
      onHead: () => true,
      room: () => memory,
      onData: (chunk) => {
        received += chunk.length;
        if (chunk.buffer === memory.buffer) direct += chunk.length;
      },
    },
  );
  expect(received).toBe(body.length);
  expect(direct).toBeGreaterThan(body.length / 2);
});
