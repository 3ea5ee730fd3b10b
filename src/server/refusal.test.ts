import fc from 'fast-check';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ask, askRaw, echoFace, startTestServer } from './testing/start-test-server.js';

describe('requests that are refused', () => {
  it('get the status that says why', async () => {
    const { port } = await startTestServer({ faces: [echoFace] });
    const statuses = async (...raw: string[]) =>
      Promise.all(raw.map(async (text) => Number((await askRaw(port, text)).split(' ')[1])));
    const host = 'Host: a\r\nConnection: close\r\n\r\n';
    expect(
      await statuses(
        `GET http://elsewhere.example/x HTTP/1.1\r\n${host}`,
        `CONNECT elsewhere.example:443 HTTP/1.1\r\n${host}`,
        `GET /x/../y HTTP/1.1\r\n${host}`,
        `GET /x%00 HTTP/1.1\r\n${host}`,
        `GET /x HTTP/1.1\r\nConnection: close\r\n\r\n`,
        `GET /x HTTP/1.1\r\nHost: a/b\r\nConnection: close\r\n\r\n`,
        `GET /x HTTP/1.1\r\nHost: a\r\n${host}`,
        `GET /x HTTP/1.1\r\nX-Big: ${'a'.repeat(40_000)}\r\n${host}`,
        `GET /x HTTP/1.1\r\n${'A: b\r\n'.repeat(199)}${host}`,
        `GET /x HTTP/1.1\r\n${'A: b\r\n'.repeat(3000)}${host}`,
        `DELETE /x HTTP/1.1\r\n${host}`,
        `POST /x HTTP/1.1\r\nContent-Length: 99999999\r\n${host}`,
        `POST /x HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n${host}`,
        `nonsense\r\n\r\n`,
        `GET /x HTTP/1.1\r\n${host}`,
        `GET /x HTTP/1.0\r\n\r\n`,
      ),
    ).toEqual([400, 405, 400, 400, 400, 400, 400, 431, 431, 431, 405, 413, 400, 400, 200, 200]);
  });

  it('include bodies that turn out too long, whatever their head said', async () => {
    const { port } = await startTestServer({ faces: [echoFace] });
    expect((await ask(port, '/x', { method: 'POST', body: 'x'.repeat(900) })).status).toBe(200);
    expect((await ask(port, '/x', { method: 'POST', body: 'x'.repeat(1100) })).status).toBe(413);
  });

  it('never bring the server down', async () => {
    const { port } = await startTestServer({ faces: [echoFace] });
    const line = fc.string({ unit: 'binary-ascii', maxLength: 200 });
    const request = fc.oneof(
      line,
      line.map((target) => `GET /${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`),
      line.map((header) => `GET /x HTTP/1.1\r\nHost: a\r\n${header}\r\nConnection: close\r\n\r\n`),
    );
    await fc.assert(
      fc.asyncProperty(request, async (text) => {
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => undefined).end(text, 'latin1');
        await new Promise((resolve) => socket.on('close', resolve).resume());
      }),
      { numRuns: 60 },
    );
    expect((await ask(port, '/-/healthz')).status).toBe(200);
  });
});

describe('a browser that asks what it may', () => {
  it('is told, for every path alike and before anybody is known', async () => {
    const { port } = await startTestServer({ faces: [echoFace], keys: { anonymous: false } });
    const asked = { 'access-control-request-headers': 'authorization, range', origin: 'https://a.example' };
    for (const path of ['/x', '/nothing/is/here', '/-/metrics', '*']) {
      const { status, headers, body } = await ask(port, path, { method: 'OPTIONS', headers: asked });
      expect([status, headers.allow, headers['access-control-allow-headers'], body]).toEqual([
        204,
        'GET, HEAD, POST, OPTIONS',
        'authorization, range',
        '',
      ]);
      expect([headers['access-control-allow-origin'], headers['access-control-allow-credentials']]).toEqual([
        '*',
        undefined,
      ]);
    }
    const odd = { 'access-control-request-headers': 'a"b\u00ff' };
    expect((await ask(port, '/x', { method: 'OPTIONS', headers: odd })).headers).not.toHaveProperty(
      'access-control-allow-headers',
    );
  });
});
