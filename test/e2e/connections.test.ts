import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { newMachine, sluice } from './harness.js';

const MIB = 2 ** 20;
const FILES = { 'large.bin': 48 * MIB };
/** Answers that bring less than this are questions about the file. */
const CONTENT_BYTES = 4 * MIB;
/** Below the time after which connections that nobody uses are closed anyway. */
const PATIENCE_MS = 8000;

/**
 * Files by plain HTTP. It answers for content only when no more than `allowed` connections are open; who was told to close some does so at
 * once, but word of it is as long on its way as anything else.
 */
async function watchedOrigin(allowed: number) {
  const seen = { url: '', answers: 0, tooMany: [] as number[], mostAtOnce: 0 };
  const open = new Set<object>();
  let atOnce = 0;
  const answer = async (response: ServerResponse, bytes: number): Promise<void> => {
    const deadlineMs = Date.now() + PATIENCE_MS;
    while (open.size > allowed && Date.now() < deadlineMs && !response.destroyed) await sleep(5);
    // Who gives up an answer that is held back for seconds closes a connection, too, but not the one that is kept.
    const isGivenUp = response.destroyed && Date.now() > deadlineMs - PATIENCE_MS / 2;
    if (open.size > allowed || isGivenUp) seen.tooMany.push(open.size);
    seen.answers += 1;
    response.end(Buffer.alloc(bytes));
  };
  const server = createServer((request, response) => {
    const sizeBytes = Object.entries(FILES).find(([name]) => request.url === `/${name}`)?.[1] ?? 0;
    const [, first = '0', last = String(sizeBytes - 1)] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    const bytes = Number(last) + 1 - Number(first);
    response.writeHead(206, {
      etag: '"one"',
      'content-length': bytes,
      'content-range': `bytes ${first}-${last}/${sizeBytes}`,
    });
    if (bytes < CONTENT_BYTES) {
      response.end(Buffer.alloc(bytes));
      return;
    }
    atOnce += 1;
    seen.mostAtOnce = Math.max(seen.mostAtOnce, atOnce);
    response.on('close', () => (atOnce -= 1));
    void answer(response, bytes);
  });
  // Node's own would close what nobody uses before our patience ends, whoever was to close it.
  server.keepAliveTimeout = 10 * PATIENCE_MS;
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  seen.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return seen;
}

it('a host has no more connections than --connections says, those that are kept for later included', async () => {
  const origin = await watchedOrigin(2);
  const machine = await newMachine();
  const done = await sluice(machine, 'pull', `${origin.url}/large.bin`, '--to', 'out', '--connections', '2');
  expect(done.code, done.stderr).toBe(0);
  expect(origin.tooMany).toEqual([]);
  expect(origin.answers).toBeGreaterThan(1);
  expect(origin.mostAtOnce).toBeLessThanOrEqual(2);
});
