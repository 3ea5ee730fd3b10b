import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Face } from '../hubs/index.js';
import { ask, echoFace, startTestServer } from './testing/start-test-server.js';

describe('limits', () => {
  const slow: Face = {
    name: 'slow',
    routes: [],
    answer: ({ signal }) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve({ status: 200, headers: {} }))),
  };

  it.each([
    [{ requests: 2 }, 503],
    [{ clientRequests: 2 }, 429],
  ])('of requests under way: %j', async (policy, status) => {
    const { port, gate } = await startTestServer({ faces: [slow], policy });
    const sockets = [1, 2].map(() => connect(port, '127.0.0.1').on('error', () => undefined));
    for (const socket of sockets) socket.write('GET /s HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => gate.requests.size).toBe(2);
    const refused = await ask(port, '/s');
    expect([refused.status, refused.headers['retry-after']]).toEqual([status, '1']);
    expect((await ask(port, '/-/healthz')).status).toBe(200);
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => gate.requests.size).toBe(0);
  });

  it.each([
    [{ connections: 4 }, 503],
    [{ clientConnections: 4 }, 429],
  ])('of connections: %j', async (policy, status) => {
    const { port, gate } = await startTestServer({ faces: [echoFace], policy });
    const sockets = [1, 2, 3, 4].map(() => connect(port, '127.0.0.1').on('error', () => undefined));
    await expect.poll(() => gate.connections.size).toBe(4);
    const refused = await ask(port, '/x');
    expect([refused.status, refused.headers.connection]).toEqual([status, 'close']);
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => gate.connections.size).toBe(0);
    expect((await ask(port, '/x')).status).toBe(200);
  });

  it('of the rate, by address as a trusted proxy tells it', async () => {
    const { port } = await startTestServer({
      faces: [echoFace],
      policy: { clientRate: 2, trustedProxies: ['127.0.0.1'] },
    });
    const from = (address: string) => ask(port, '/x', { headers: { 'x-forwarded-for': address } });
    expect([(await from('10.0.0.1')).status, (await from('10.0.0.1')).status]).toEqual([200, 200]);
    const third = await from('10.0.0.1');
    expect(third.status).toBe(429);
    expect(Number(third.headers['retry-after'])).toBeGreaterThan(1);
    expect((await from('10.0.0.2')).status).toBe(200);
  });
});

describe('where links lead', () => {
  const spoof = { 'host': 'models:1', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', 'x-forwarded-prefix': '/p' }; // prettier-ignore
  const urlOf = (body: string) => (JSON.parse(body) as { publicUrl: string }).publicUrl;

  it('is not for strangers to say', async () => {
    const { port } = await startTestServer({ faces: [echoFace] });
    expect(urlOf((await ask(port, '/x', { headers: spoof })).body)).toBe('http://models:1');
  });

  it('is what a trusted proxy says, or what was configured', async () => {
    const trusting = await startTestServer({ faces: [echoFace], policy: { trustedProxies: ['127.0.0.0/8'] } });
    expect(urlOf((await ask(trusting.port, '/p/x', { headers: spoof })).body)).toBe('https://evil.example/p');
    const configured = await startTestServer({ faces: [echoFace], policy: { publicUrl: 'https://m.example/hf' } });
    expect(urlOf((await ask(configured.port, '/hf/x', { headers: spoof })).body)).toBe('https://m.example/hf');
  });
});
