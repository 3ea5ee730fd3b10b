import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';

import { createHostGate } from '../../net/index.js';
import { wholeContent, type Fault, type Sim } from '../../sim/index.js';
import { createHttpOrigin, parseRef, type Manifest, type OriginOptions } from '../index.js';
import {
  SUITE_FILES,
  describeOrigin,
  never,
  openCase,
  pinAndList,
  refusedWith,
  type OriginCase,
} from '../testing/origin-suite.js';

const CASE: OriginCase = {
  name: 'a checksum list over plain HTTP',
  listRequests: 0,
  listing: ['checksums'],
  hasSizes: false,
  simOptions: { folders: { tiny: SUITE_FILES } },
  open: (sim, options) => createHttpOrigin({ ...options, url: `${sim.url}/files/tiny/SHA256SUMS` }),
  ref: (sim) => parseRef(`${sim.url}/files/tiny/SHA256SUMS`),
  missing: (sim) => [parseRef(`${sim.url}/files/none/SHA256SUMS`), 'FILE_NOT_FOUND'],
  openMissing: (sim, options) => createHttpOrigin({ ...options, url: `${sim.url}/files/none/SHA256SUMS` }),
};
const FILE = 'model-00001-of-00002.safetensors';
const SIZE = 70_001;

/** The same hub, and an origin at another path of it. */
const at = (path: string, each: OriginCase = CASE): OriginCase => ({
  ...each,
  open: (sim, options) => createHttpOrigin({ ...options, url: `${sim.url}/files/tiny/${path}` }),
  ref: (sim) => parseRef(`${sim.url}/files/tiny/${path}`),
});

describeOrigin(CASE);

const silent = (): Pick<OriginOptions, 'gate' | 'emit'> => ({ gate: createHostGate(), emit: () => {} });

/** A single file, of which the answers have these headers or faults. */
async function single(fault?: Fault): Promise<{ sim: Sim; manifest: Manifest }> {
  const { sim, origin, ref } = await openCase(at(FILE), fault === undefined ? {} : { faults: [{ fault }] });
  return { sim, manifest: await pinAndList(origin, ref) };
}

describe('a single file over plain HTTP', () => {
  test('is described by one request, of which no body is fetched', async () => {
    const { sim, manifest } = await single();
    expect(sim.requests).toHaveLength(1);
    expect(sim.requests[0]?.range).toBe('bytes=0-0');
    expect(manifest.files).toEqual([
      {
        path: FILE,
        sizeBytes: SIZE,
        digests: {},
        validators: { etag: expect.any(String) as string, lastModified: expect.any(String) as string },
        url: `${sim.url}/files/tiny/${FILE}`,
      },
    ]);
    expect(manifest.pinned.commit).toMatch(/^[0-9a-f]{40}$/);
  });

  test('is known where ranges are ignored', async () => {
    const { manifest } = await single({ type: 'ignore-range' });
    expect(manifest.files[0]?.sizeBytes).toBe(SIZE);
  });

  test('may be of unknown length', async () => {
    const { origin, ref } = await openCase(at(FILE), {
      faults: [{ fault: { type: 'ignore-range' } }, { fault: { type: 'no-length', style: 'chunked' } }],
    });
    const { files } = await pinAndList(origin, ref);
    expect(files[0]?.sizeBytes).toBeUndefined();
  });

  test('is asked for as a whole where a range is refused', async () => {
    const { origin, sim, ref } = await openCase(at(FILE), {
      faults: [{ on: { times: 1 }, fault: { type: 'status', status: 416 } }],
    });
    const { files } = await pinAndList(origin, ref);
    expect(files[0]?.sizeBytes).toBe(SIZE);
    expect(sim.requests.map(({ range }) => range)).toEqual(['bytes=0-0', undefined]);
  });

  test('may be empty', async () => {
    const { origin, ref } = await openCase({ ...at('empty'), simOptions: { folders: { tiny: { empty: '' } } } });
    const { files } = await pinAndList(origin, ref);
    expect(files[0]?.sizeBytes).toBe(0);
  });

  test('is another one when its validators are', async () => {
    const { origin, sim, ref } = await openCase(at(FILE));
    const before = await origin.pin(ref, never);
    sim.faults.add({ fault: { type: 'headers', headers: { etag: '"other"' } } });
    expect((await origin.pin(ref, never)).commit).not.toBe(before.commit);
    const { files, ...unlisted } = before;
    expect(files).toHaveLength(1);
    await expect(origin.list(unlisted, never)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });

  test.each([
    ['attachment; filename="other.bin"', 'other.bin'],
    ['attachment; filename="x.bin"; filename*=UTF-8\'\'na%C3%AFve.bin', 'naïve.bin'],
    ['attachment; filename=plain.bin', 'plain.bin'],
    ['attachment; filename="a \\"quoted\\".bin"', 'a "quoted".bin'],
    ['attachment; filename="../../etc/passwd"', 'passwd'],
    ['attachment; filename="..\\\\..\\\\boot.ini"', 'boot.ini'],
    ['attachment; filename=".bashrc"', FILE],
    ['attachment; filename=".."', FILE],
    ["attachment; filename*=UTF-8''%FF%FE", FILE],
    ["attachment; filename*=UTF-8''a%0Ab", FILE],
    ['inline', FILE],
  ])('with the disposition %s is named %s', async (value, name) => {
    const { manifest } = await single({ type: 'headers', headers: { 'content-disposition': value } });
    expect(manifest.files[0]?.path).toBe(name);
  });

  test('without a name is called something', async () => {
    const { origin, ref } = await openCase(at(''), {
      faults: [{ fault: { type: 'body', content: 'x', contentType: 'text/plain', status: 200 } }],
    });
    expect((await pinAndList(origin, ref)).files[0]?.path).toBe('download');
  });

  test('brings the digests that its headers have, and no ETag as one', async () => {
    const bytes = wholeContent(SUITE_FILES[FILE]!);
    const hash = (algorithm: string, encoding: 'hex' | 'base64'): string =>
      createHash(algorithm).update(bytes).digest(encoding);
    const { manifest } = await single({
      type: 'headers',
      headers: {
        etag: `"${hash('md5', 'hex')}"`,
        'repr-digest': `sha-512=:${hash('sha512', 'base64')}:`,
        'x-linked-etag': `"${hash('sha256', 'hex')}"`,
        'x-goog-hash': 'crc32c=AAAAAA==,md5=bad',
        'content-md5': hash('md5', 'base64'),
      },
    });
    expect(manifest.files[0]?.digests).toEqual({
      sha512: hash('sha512', 'hex'),
      sha256: hash('sha256', 'hex'),
      crc32c: '00000000',
    });
  });

  test('sends the user info of its URL as credentials to its own origin only', async () => {
    const withUser = (sim: Sim): string => `${sim.url.replace('//', '//ann:p%40ss@')}/files/tiny/${FILE}`;
    const { sim, origin, ref, transport } = await openCase(
      {
        ...CASE,
        open: (hub, options) => createHttpOrigin({ ...options, url: withUser(hub) }),
        ref: (hub) => parseRef(withUser(hub)),
      },
      { faults: [{ on: { times: 1 }, fault: { type: 'redirect', to: 'trap' } }] },
    );
    await pinAndList(origin, ref);
    const { pinned, files } = await pinAndList(origin, ref);
    const source = origin.source(pinned, files[0]!);
    expect(source.url).not.toContain('p%40ss');
    expect(await refusedWith(transport, source)).toBeUndefined();
    expect(sim.requests.at(-1)?.authorization).toBe(`Basic ${Buffer.from('ann:p@ss').toString('base64')}`);
    expect(sim.requests.some(({ host }) => host === 'cdn')).toBe(true);
    expect(sim.leaks).toEqual([]);
  });
});

describe('a mirror of plain files', () => {
  test.each([FILE, 'SHA256SUMS'])('gives what %s means at its own place', async (name) => {
    const { sim, origin } = await openCase(CASE);
    const other = await openCase({
      ...CASE,
      open: (at, options) => createHttpOrigin({ ...options, url: `${at.url}/files/tiny/${name}` }),
    });
    const ref = parseRef(`${sim.url}/files/tiny/${name}`);
    const first = createHttpOrigin({ ...silent(), transport: other.transport, url: `${sim.url}/files/tiny/${name}` });
    const { pinned, files } = await pinAndList(first, ref);
    expect(origin.id).not.toBe(other.origin.id);
    for (const file of files) {
      const source = other.origin.source(pinned, file);
      expect([source.id, new URL(source.url).host]).toEqual([other.origin.id, other.origin.id]);
      expect(await refusedWith(other.transport, source)).toBeUndefined();
    }
    expect((await other.origin.pin(ref, never)).commit).toBe(pinned.commit);
  });
});

describe('checksum lists over plain HTTP', () => {
  const list = (content: string): ReturnType<typeof openCase> =>
    openCase(CASE, {
      faults: [{ on: { kind: 'checksums' }, fault: { type: 'body', content, contentType: 'text/plain' } }],
    });
  const A = 'a'.repeat(64);

  test('keep the query of their URL', async () => {
    const { origin, sim, ref } = await openCase(at('SHA256SUMS?key=1'));
    const { pinned, files } = await pinAndList(origin, ref);
    const odd = files.find(({ path }) => path.includes('odd'));
    expect(origin.source(pinned, odd!).url).toBe(
      `${sim.url}/files/tiny/sub/folder/odd%20name%20%231%20%C3%A9%25.txt?key=1`,
    );
  });

  test('are another content when one digest is another', async () => {
    const one = await list(`${A}  x\n`);
    const two = await list(`${'b'.repeat(64)}  x\n`);
    expect((await one.origin.pin(one.ref, never)).commit).not.toBe((await two.origin.pin(two.ref, never)).commit);
  });

  test.each([`${A}  ../x\n`, `${A}  /etc/passwd\n`, `\\${A}  a\\nb\n`])(
    'with the unsafe path in %j are refused',
    async (text) => {
      const { origin, ref } = await list(text);
      await expect(pinAndList(origin, ref)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    },
  );

  test.each([
    '',
    'hello\n',
    `${A}  SHA256SUMS\n`,
    `${A}  x\n${'b'.repeat(64)}  x\n`,
    `${A}  x\n${A}  X\n`,
    `${A}\n${A}\n`,
  ])('%j makes no sense', async (text) => {
    const { origin, ref } = await list(text);
    await expect(pinAndList(origin, ref)).rejects.toMatchObject({ code: 'BAD_MANIFEST' });
  });

  test('a bare digest is of the file that the list is named after', async () => {
    const { origin, sim, ref } = await openCase(at('vocab.txt.sha256'), {
      faults: [{ fault: { type: 'body', content: `${A}\n`, contentType: 'text/plain', status: 200 } }],
    });
    const { files } = await pinAndList(origin, ref);
    expect(files).toMatchObject([
      { path: 'vocab.txt', digests: { sha256: A }, url: `${sim.url}/files/tiny/vocab.txt` },
    ]);
  });
});

test.each(['ftp://host/x', 'nonsense'])('%s is no URL for it', (url) => {
  const options = { transport: undefined!, gate: createHostGate(), emit: () => {} };
  expect(() => createHttpOrigin({ ...options, url })).toThrow(expect.objectContaining({ code: 'BAD_REF' }));
});
