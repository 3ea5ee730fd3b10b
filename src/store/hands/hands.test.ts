import { chmod, lstat, readFile, readdir, rm, truncate, utimes, writeFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHands, openStore, type Hands, type Store, type ViewRequest } from '../index.js';
import { namesBelow, temporaryFolder } from '../testing/fixtures.js';
import { compileStore, type CompiledStore } from './testing/compiled-store.js';
import { smallContents } from './testing/small-contents.js';

/** Enough for threads to start (64 looks, 16 puts). */
const COUNT = 150;
const CONTENTS = smallContents('hands', COUNT);

let compiled: CompiledStore;
beforeAll(async () => {
  compiled = await compileStore('hands-test');
});
afterAll(() => compiled.remove());

async function openBoth(create: (store: Store) => Hands): Promise<{ store: Store; hands: Hands }> {
  const store = await openStore(join(await temporaryFolder(), 'store'));
  return { store, hands: create(store) };
}

async function putAll(hands: Hands): Promise<void> {
  await Promise.all(CONTENTS.map(({ bytes, sha256 }) => hands.put(bytes, { sha256 }).stored));
}

function requestOf(shown: typeof CONTENTS): ViewRequest {
  const files = shown.map(({ bytes, sha256, gitSha1 }, index) => ({
    path: `part/${index % 7}/${index}.json`,
    sha256,
    sizeBytes: bytes.length,
    gitOid: gitSha1,
    lfs: false,
  }));
  const commit = 'c'.repeat(40);
  return { origin: 'hf', kind: 'model', id: 'a/b', revision: 'main', commit, endpoint: '', files, allFiles: files };
}

describe.each([
  ['in this thread', (store: Store): Hands => openHands(store)],
  ['in threads', (store: Store): Hands => compiled.door.openHands(store)],
])('hands %s', (_name, create) => {
  it('make blobs of bytes that are what was promised: read-only, stamped, found by their other digests', async () => {
    const { store, hands } = await openBoth(create);
    await Promise.all(
      CONTENTS.map(async ({ bytes, sha256, gitSha1 }) => {
        const putting = hands.put(bytes, { gitSha1 });
        expect(await putting.verdict).toMatchObject({ sha256, sizeBytes: bytes.length, checks: ['gitSha1'] });
        await putting.stored;
        expect(await store.blobState(sha256)).toBe('proven');
        expect(await store.lookup({ gitSha1 }, bytes.length)).toBe(sha256);
        expect((await lstat(store.blobPath(sha256))).mode & 0o777).toBe(0o444);
        expect((await readFile(store.blobPath(sha256))).equals(bytes)).toBe(true);
      }),
    );
    await hands.close();
    expect(await readdir(join(store.root, 'tmp'))).toEqual([]);
  });

  it('leave nobody waiting who comes while they work', async () => {
    const { store, hands } = await openBoth(create);
    const all: Promise<void>[] = [];
    for (let start = 0; start < COUNT; start += 10) {
      const puts = CONTENTS.slice(start, start + 10).map(({ bytes, sha256 }) => hands.put(bytes, { sha256 }).stored);
      all.push(...puts);
      await puts[0];
    }
    await Promise.all(all);
    await hands.sync();
    for (const { sha256 } of CONTENTS) expect(await store.blobState(sha256)).toBe('proven');
    await hands.close();
  });

  it('leave nothing of bytes that are something else, and store the others', async () => {
    const { store, hands } = await openBoth(create);
    const wanted = CONTENTS.map((content, index) => (index % 3 === 0 ? 'f'.repeat(64) : content.sha256));
    await Promise.all(
      CONTENTS.map(async ({ bytes, sha256 }, index) => {
        const putting = hands.put(bytes, { sha256: wanted[index]! });
        const { mismatch } = await putting.verdict;
        await putting.stored;
        if (index % 3 === 0) expect(mismatch).toMatchObject({ algorithm: 'sha256', actual: sha256 });
        else expect(mismatch).toBeUndefined();
        expect(await store.blobState(sha256)).toBe(index % 3 === 0 ? 'absent' : 'proven');
      }),
    );
    await hands.close();
    expect(await readdir(join(store.root, 'tmp'))).toEqual([]);
  });

  it('fail what cannot be stored by its own error, and nothing else', async () => {
    const { store, hands } = await openBoth(create);
    const [first, ...others] = CONTENTS;
    const inTheWay = dirname(store.blobPath(first!.sha256));
    await mkdir(dirname(inTheWay), { recursive: true });
    await writeFile(inTheWay, 'not a folder');
    const puts = CONTENTS.map(({ bytes, sha256 }) => hands.put(bytes, { sha256 }));
    const hit = others.filter(({ sha256 }) => sha256.startsWith(first!.sha256.slice(0, 2)));
    const results = await Promise.allSettled(puts.map(({ stored }) => stored));
    for (const [index, result] of results.entries()) {
      const isHit = index === 0 || hit.includes(CONTENTS[index]!);
      if (isHit) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'FILE_SYSTEM' } });
      else expect(result.status).toBe('fulfilled');
    }
    await hands.close();
    expect(await readdir(join(store.root, 'tmp'))).toEqual([]);
  });

  it('say what is here as the store does', async () => {
    const { store, hands } = await openBoth(create);
    await putAll(hands);
    const [gone, touched, other] = CONTENTS;
    await rm(store.blobPath(gone!.sha256));
    await utimes(store.blobPath(touched!.sha256), 1, 1);
    const byOtherDigest = CONTENTS.map(({ gitSha1, bytes }) => ({ digests: { gitSha1 }, sizeBytes: bytes.length }));
    expect(await hands.look(byOtherDigest)).toEqual(CONTENTS.map(() => ({ state: 'absent' })));
    const looked = await hands.look(CONTENTS.map(({ sha256 }) => ({ digests: { sha256 }, sizeBytes: undefined })));
    for (const [index, { state, sha256 }] of looked.entries()) {
      expect(state).toBe(await store.blobState(CONTENTS[index]!.sha256));
      expect(sha256).toBe(state === 'absent' ? undefined : CONTENTS[index]!.sha256);
    }
    expect(looked.slice(0, 3).map(({ state }) => state)).toEqual(['absent', 'unproven', 'proven']);
    await hands.put(other!.bytes, { gitSha1: other!.gitSha1 }).stored;
    await rm(store.blobPath(other!.sha256));
    await hands.put(other!.bytes, { gitSha1: other!.gitSha1 }).stored;
    const sized = [other!.bytes.length, other!.bytes.length + 1, undefined];
    const found = await hands.look(sized.map((sizeBytes) => ({ digests: { gitSha1: other!.gitSha1 }, sizeBytes })));
    expect(found.map(({ state }) => state)).toEqual(['proven', 'absent', 'proven']);
    await chmod(store.blobPath(other!.sha256), 0o644);
    await truncate(store.blobPath(other!.sha256), 3);
    const cut = { digests: { gitSha1: other!.gitSha1 }, sizeBytes: other!.bytes.length };
    expect(await hands.look([cut])).toEqual([{ state: 'absent' }]);
    await hands.close();
  });

  it('land a view, and again without changing it; an interruption ends that between files', async () => {
    const { hands } = await openBoth(create);
    await putAll(hands);
    const root = join(await temporaryFolder(), 'view');
    const request = requestOf(CONTENTS);
    const first = await hands.land('hf', root, request);
    expect(first.methods).toEqual({ hardlink: COUNT });
    const names = await namesBelow(root);
    for (const { path } of request.files) expect(names).toContain(`models--a--b/snapshots/${request.commit}/${path}`);
    expect((await hands.land('hf', root, request)).methods).toEqual({ kept: COUNT });
    expect(await namesBelow(root)).toEqual(names);
    const signal = AbortSignal.abort();
    const other = join(root, 'other');
    await expect(hands.land('hf', other, request, { signal })).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect((await namesBelow(other)).filter((name) => name.includes('refs/'))).toEqual([]);
    await hands.close();
  });

  it('two of them that bring the same at once agree', async () => {
    const { store, hands } = await openBoth(create);
    const beside = create(store);
    await Promise.all([putAll(hands), putAll(beside)]);
    for (const { sha256, bytes } of CONTENTS) {
      expect(await store.blobState(sha256)).toBe('proven');
      expect((await readFile(store.blobPath(sha256))).equals(bytes)).toBe(true);
    }
    await Promise.all([hands.close(), beside.close()]);
    expect(await readdir(join(store.root, 'tmp'))).toEqual([]);
  });

  it('take nothing any more once they are closed', async () => {
    const { hands } = await openBoth(create);
    await hands.close();
    const [content] = CONTENTS;
    await expect(hands.put(content!.bytes, {}).stored).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await expect(hands.look([{ digests: {}, sizeBytes: 1 }])).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});
