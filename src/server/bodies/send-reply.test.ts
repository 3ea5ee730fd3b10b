import fc from 'fast-check';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../base/index.js';
import type { Content, Face } from '../../hubs/index.js';
import { ask, startTestServer } from '../testing/start-test-server.js';

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
  const silent: Content = {
    ...coming,
    read: async function* () {
      await Promise.resolve();
      throw new SluiceError('STALLED', { host: 'the upstream', seconds: 9 });
    },
  };
  const contents: Readonly<Record<string, Content>> = {
    '/held': held,
    '/coming': coming,
    '/broken': broken,
    '/silent': silent,
  };
  return {
    name: 'files',
    routes: [],
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

  it('are of GET alone: HEAD tells of the whole, and several ranges at once are answered with it', async () => {
    await withFile(async (path) => {
      const { port } = await startTestServer({ faces: [await filesFace(path)] });
      for (const name of ['/held', '/coming']) {
        const told = async (method: string, range: string): Promise<unknown[]> => {
          const { status, headers, body } = await ask(port, name, { method, headers: { range } });
          return [status, headers['content-length'], headers['content-range'], body.length > 0];
        };
        const whole = String(BYTES.length);
        expect(await told('HEAD', 'bytes=0-9')).toEqual([200, whole, undefined, false]);
        expect(await told('HEAD', `bytes=${BYTES.length}-`)).toEqual([200, whole, undefined, false]);
        expect(await told('GET', 'bytes=0-1,5-6')).toEqual([200, whole, undefined, true]);
        expect(await told('GET', `bytes=${BYTES.length}-`)).toEqual([416, '0', `bytes */${whole}`, false]);
      }
    });
  });

  it('are left out where the client has them, or has something else', async () => {
    await withFile(async (path) => {
      const { port } = await startTestServer({ faces: [await filesFace(path)] });
      const told = async (headers: Record<string, string>, method = 'GET'): Promise<unknown[]> => {
        const answer = await ask(port, '/held', { method, headers });
        return [answer.status, answer.headers.etag, answer.headers['content-length'], answer.body];
      };
      for (const method of ['GET', 'HEAD']) {
        expect(await told({ 'if-none-match': '"x", W/"e"' }, method)).toEqual([304, '"e"', undefined, '']);
        expect(await told({ 'if-none-match': '*', range: 'bytes=0-1' }, method)).toEqual([304, '"e"', undefined, '']);
        expect(await told({ 'if-match': '"x"' }, method)).toEqual([412, '"e"', '0', '']);
      }
    });
  });

  it('that break off end in a reset, never like a whole one', async () => {
    await withFile(async (path) => {
      const { server, events } = await startTestServer({ faces: [await filesFace(path)] });
      await expect(fetch(`${server.url}/broken`).then((answer) => answer.arrayBuffer())).rejects.toThrow();
      await expect.poll(() => events).toMatchObject([{ type: 'server.request', cut: 'INTERNAL' }]);
    });
  });

  it('of which nothing comes are told to come again', async () => {
    await withFile(async (path) => {
      const { port } = await startTestServer({ faces: [await filesFace(path)] });
      const { status, headers, body } = await ask(port, '/silent');
      expect([status, headers['retry-after'], headers.etag]).toEqual([503, '1', undefined]);
      expect(JSON.parse(body)).toMatchObject({ Success: false });
    });
  });
});
