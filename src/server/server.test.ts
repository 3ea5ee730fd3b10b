import fc from 'fast-check';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Content, Face } from '../hubs/index.js';
import { Readiness } from './readiness.js';
import { ask, askRaw, echoFace, startTestServer } from './testing/start-test-server.js';

const BYTES = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256));

/** A file that is here, one that comes, and one that breaks off. */
async function filesFace(path: string): Promise<Face> {
  const held: Content = {
    sizeBytes: BYTES.length,
    status: 'HIT',
    path,
    read: () => {
      throw new Error('it is read from its file');
    },
  };
  const coming: Content = {
    sizeBytes: BYTES.length,
    status: 'MISS',
    read: async function* ({ startByte, endByte }) {
      yield await Promise.resolve(BYTES.subarray(startByte, endByte));
    },
  };
  const broken: Content = {
    ...coming,
    read: async function* () {
      yield BYTES.subarray(0, 1000);
      await new Promise((resolve) => setTimeout(resolve, 5));
      throw new Error('wrong bytes');
    },
  };
  const contents: Readonly<Record<string, Content>> = { '/held': held, '/coming': coming, '/broken': broken };
  return {
    name: 'files',
    answer: ({ path: asked }) => {
      const content = contents[asked];
      return content && Promise.resolve({ status: 200, headers: { etag: '"e"' }, content });
    },
  };
}

async function withFile<T>(use: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-body-'));
  try {
    await writeFile(join(folder, 'file'), BYTES);
    return await use(join(folder, 'file'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe('bodies', () => {
  it('are the bytes of any range, from a file or as they come', async () => {
    await withFile(async (path) => {
      const { server } = await startTestServer({ faces: [await filesFace(path)] });
      const span = fc.tuple(fc.nat(BYTES.length - 1), fc.nat(BYTES.length - 1)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const); // prettier-ignore
      await fc.assert(
        fc.asyncProperty(fc.constantFrom('held', 'coming'), span, async (name, [first, last]) => {
          const answer = await fetch(`${server.url}/${name}`, { headers: { range: `bytes=${first}-${last}` } });
          expect(answer.status).toBe(206);
          expect(Buffer.from(await answer.arrayBuffer()).equals(BYTES.subarray(first, last + 1))).toBe(true);
        }),
        { numRuns: 40 },
      );
    });
  });

  it('are whole where the range makes no sense, or is of something else', async () => {
    await withFile(async (path) => {
      const { server } = await startTestServer({ faces: [await filesFace(path)] });
      const statusOf = async (headers: Record<string, string>) =>
        (await fetch(`${server.url}/held`, { headers })).status;
      expect(await statusOf({ range: 'bytes=0-10' })).toBe(206);
      expect(await statusOf({ range: 'bytes=0-10', 'if-range': '"e"' })).toBe(206);
      expect(await statusOf({ range: 'bytes=0-10', 'if-range': '"other"' })).toBe(200);
      expect(await statusOf({ range: 'bytes=9-3' })).toBe(200);
      expect(await statusOf({ range: `bytes=${BYTES.length}-` })).toBe(416);
      expect(await statusOf({ range: 'bytes=99999999999999999999-' })).toBe(200);
    });
  });

  it('that break off end in a reset, never like a whole one', async () => {
    await withFile(async (path) => {
      const { server, events } = await startTestServer({ faces: [await filesFace(path)] });
      await expect(fetch(`${server.url}/broken`).then((answer) => answer.arrayBuffer())).rejects.toThrow();
      await expect.poll(() => events).toMatchObject([{ type: 'server.request', cut: 'INTERNAL' }]);
    });
  });
});

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
        `DELETE /x HTTP/1.1\r\n${host}`,
        `POST /x HTTP/1.1\r\nContent-Length: 99999999\r\n${host}`,
        `POST /x HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n${host}`,
        `nonsense\r\n\r\n`,
        `GET /x HTTP/1.1\r\n${host}`,
        `GET /x HTTP/1.0\r\n\r\n`,
      ),
    ).toEqual([400, 405, 400, 400, 400, 400, 400, 431, 405, 413, 400, 400, 200, 200]);
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

describe('limits', () => {
  const slow: Face = {
    name: 'slow',
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

describe('a server that is told to stop', () => {
  it('lets answers under way end, takes no others, and is not ready', async () => {
    let finish: (() => void) | undefined;
    const held: Face = {
      name: 'held',
      answer: () => new Promise((resolve) => (finish = () => resolve({ status: 200, headers: {}, body: 'whole' }))),
    };
    const { server, port, gate } = await startTestServer({ faces: [held] });
    const pending = ask(port, '/h');
    await expect.poll(() => gate.requests.size).toBe(1);
    let isClosed = false;
    const closing = server.close(60_000).then(() => (isClosed = true));
    await expect(ask(port, '/-/healthz')).rejects.toThrow();
    expect(isClosed).toBe(false);
    finish?.();
    expect((await pending).body).toBe('whole');
    await closing;
  });

  it('says so to probes on connections that are there', async () => {
    const readiness = new Readiness(tmpdir(), () => true);
    expect(await readiness.reason()).toBe('draining');
  });
});

describe('readiness', () => {
  it('needs a store that can be written', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-ready-'));
    try {
      expect(await new Readiness(folder, () => false).reason()).toBeUndefined();
      await rm(join(folder, 'tmp'), { recursive: true });
      await writeFile(join(folder, 'tmp'), 'in the way');
      expect(await new Readiness(folder, () => false).reason()).toContain('cannot be written');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('requests', () => {
  it('have an id, theirs or ours, in the answer and the log', async () => {
    const { port, events } = await startTestServer({ faces: [echoFace] });
    const theirs = await ask(port, '/x', { headers: { 'x-request-id': 'abc-1' } });
    const ours = await ask(port, '/x', { headers: { 'x-request-id': 'bad id\t<script>' } });
    expect(theirs.headers['x-request-id']).toBe('abc-1');
    expect(ours.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(events).toMatchObject([{ id: 'abc-1' }, { id: ours.headers['x-request-id'] }]);
  });
});
