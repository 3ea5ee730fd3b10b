import { lstat, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { landView } from '../../index.js';
import { gitIdOf, namesBelow, proofOf, sha256Of, temporaryFolder } from '../../testing/fixtures.js';
import { COMMIT, FILES, filledStore, requestFor, viewFile } from '../testing/view-fixture.js';
import { viewSuite } from '../testing/view-suite.js';
import { formatMetadata, parseMetadata } from './local-dir-metadata.js';

viewSuite('flat');

const setUp = async () => ({ store: await filledStore(), root: await temporaryFolder() });
const METADATA = '.cache/huggingface/download';

describe('a plain folder', () => {
  test('has the metadata of `hf download --local-dir`', async () => {
    const { store, root } = await setUp();
    expect((await landView('flat', root, requestFor(), store)).path).toBe(root);
    const lines = (await readFile(join(root, METADATA, 'config.json.metadata'), 'utf8')).split('\n');
    expect(lines.slice(0, 2)).toEqual([COMMIT, gitIdOf(FILES[0]!.bytes)]);
    const { mtimeMs } = await lstat(join(root, 'config.json'));
    expect(Number(lines[2])).toBeGreaterThanOrEqual(mtimeMs / 1000 - 1);
    expect(lines[3]).toBe('');
    const large = await readFile(join(root, METADATA, 'onnx/fp16/model.onnx.metadata'), 'utf8');
    expect(large.split('\n')[1]).toBe(sha256Of(FILES[2]!.bytes));
    expect(await readFile(join(root, '.cache/huggingface/.gitignore'), 'utf8')).toBe('*');
    expect(await namesBelow(join(root, '.cache/huggingface'))).toContain(`trees/${COMMIT}.json`);
  });

  test('lets people write into its small files without reaching the store', async () => {
    const { store, root } = await setUp();
    await landView('flat', root, requestFor(), store, { links: ['hardlink'] });
    await writeFile(join(root, 'config.json'), '{}');
    expect(await store.blobState(viewFile(FILES[0]!).sha256)).toBe('proven');
    expect((await lstat(join(root, 'config.json'))).mode & 0o200).toBe(0o200);
    const large = await lstat(join(root, 'model.safetensors'));
    expect(large.ino).toBe((await lstat(store.blobPath(viewFile(FILES[1]!).sha256))).ino);
  });

  test('renews metadata that its client would not believe any more', async () => {
    const { store, root } = await setUp();
    await landView('flat', root, requestFor(), store);
    const file = join(root, 'config.json');
    const later = Date.now() / 1000 + 3600;
    await utimes(file, later, later);
    await writeFile(join(root, METADATA, 'model.safetensors.metadata'), 'garbage');
    await landView('flat', root, requestFor(), store);
    const text = await readFile(join(root, METADATA, 'model.safetensors.metadata'), 'utf8');
    expect(parseMetadata(text)?.commit).toBe(COMMIT);
  });

  test('has none for other origins', async () => {
    const { store, root } = await setUp();
    await landView('flat', root, requestFor(FILES, { origin: 'https', id: 'host/a/b', commit: 'ab' }), store);
    expect(await namesBelow(root)).toEqual(FILES.map((file) => file.path).sort());
  });

  test('refuses a repository that has files where the metadata goes', async () => {
    const { store, root } = await setUp();
    const files = [{ ...viewFile(FILES[0]!), path: '.cache/HuggingFace/trees/x.json' }];
    const landing = landView('flat', root, requestFor(FILES, { files }), store);
    await expect(landing).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  test('takes a large file that is no LFS file by link', async () => {
    const big = { path: 'big.txt', bytes: Buffer.alloc(2 ** 20, 'b'), lfs: false };
    const { store, root } = await setUp();
    await store.putBytes(big.bytes, proofOf(big.bytes));
    const { methods } = await landView('flat', root, requestFor([big]), store, { links: ['hardlink'] });
    expect(methods).toEqual({ hardlink: 1 });
  });
});

describe('local-dir metadata', () => {
  test('is read as written, and never throws', () => {
    const metadata = { commit: COMMIT, etag: 'ab', timestampS: 1763730000.25 };
    expect(parseMetadata(formatMetadata(metadata))).toEqual(metadata);
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseMetadata(text);
        if (parsed !== undefined) expect(Number.isFinite(parsed.timestampS)).toBe(true);
      }),
    );
  });
});
