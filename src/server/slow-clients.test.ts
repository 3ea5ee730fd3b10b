import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Content, Face } from '../hubs/index.js';
import { echoFace, startTestServer } from './testing/start-test-server.js';

const MIB = 2 ** 20;
const IMPATIENT = { headersMs: 200, bodyMs: 200, checkMs: 50, stalledMs: 1000 };

/** Sends a byte at a time for as long as it may, and gives what it heard in the end. */
function dribble(port: number, head: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(head));
    const drops = setInterval(() => socket.write('x'), 20);
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1'))).on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(drops);
      resolve(text);
    });
  });
}

describe('a client that takes its time', () => {
  it.each([
    ['the head', 'GET /x HTTP/1.1\r\nHost: a\r\nX-Slow: '],
    ['the body', 'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n'],
  ])('over %s is sent away, however busily it drips', async (_, head) => {
    const { port, gate } = await startTestServer({ faces: [echoFace], patience: IMPATIENT });
    expect(await dribble(port, head)).toContain('408 Request Timeout');
    await expect.poll(() => gate.connections.size).toBe(0);
    await expect.poll(() => gate.requests.size).toBe(0);
  });

  it('over an answer holds no more of it in memory than the sockets take, and is gone when it takes nothing more', async () => {
    let given = 0;
    const endless: Content = {
      sizeBytes: 2 ** 40,
      status: 'MISS',
      read: async function* () {
        for (const chunk = Buffer.alloc(MIB); ;) {
          given += chunk.length;
          yield await Promise.resolve(chunk);
        }
      },
    };
    const face: Face = {
      name: 'endless',
      routes: [],
      answer: () => Promise.resolve({ status: 200, headers: {}, content: endless }),
    };
    const { port, gate } = await startTestServer({ faces: [face], patience: IMPATIENT });
    const sockets = Array.from({ length: 8 }, () => lazy(port));
    await expect.poll(() => gate.requests.size).toBe(8);
    await expect.poll(() => gate.requests.size, { timeout: 60_000 }).toBe(0);
    // A socket of this machine takes some MiB, on both of its ends; the rest is a chunk or two for each.
    expect(given).toBeLessThan(8 * 32 * MIB);
    for (const socket of sockets) socket.destroy();
  });
});

/** Asks, and reads nothing. */
function lazy(port: number): Socket {
  const socket = connect(port, '127.0.0.1', () => socket.write('GET /x HTTP/1.1\r\nHost: a\r\n\r\n'));
  return socket.on('error', () => undefined).pause();
}
