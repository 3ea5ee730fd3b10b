import { lstat, readFile, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { landView, listViews, removeView } from '../../index.js';
import { gitIdOf, namesBelow, sha256Of, temporaryFolder } from '../../testing/fixtures.js';
import { COMMIT, FILES, OTHER_COMMIT, filledStore, requestFor, viewFile } from '../testing/view-fixture.js';
import { viewSuite } from '../testing/view-suite.js';

viewSuite('hf');

const setUp = async () => ({ store: await filledStore(), root: await temporaryFolder() });
const [config, weights, onnx] = [FILES[0]!, FILES[1]!, FILES[2]!];

describe('a Hugging Face cache', () => {
  test('has the names and links that its client makes', async () => {
    const { store, root } = await setUp();
    const { path } = await landView('hf', root, requestFor(), store);
    const repository = join(root, 'models--org--tiny-1.5');
    expect(path).toBe(join(repository, 'snapshots', COMMIT));
    expect(await readlink(join(path, 'config.json'))).toBe(`../../blobs/${gitIdOf(config.bytes)}`);
    expect(await readlink(join(path, 'onnx/fp16/model.onnx'))).toBe(`../../../../blobs/${sha256Of(onnx.bytes)}`);
    expect(await readFile(join(repository, 'refs/main'), 'latin1')).toBe(COMMIT);
    expect(await readdir(join(repository, 'blobs'))).toHaveLength(4);
    expect(await readdir(root)).toEqual(['models--org--tiny-1.5']);
  });

  test('shares the bytes of the store', async () => {
    const { store, root } = await setUp();
    const { path } = await landView('hf', root, requestFor(), store, { links: ['hardlink'] });
    const blob = await lstat(store.blobPath(sha256Of(weights.bytes)));
    const linked = await lstat(join(path, '../../blobs', sha256Of(weights.bytes)));
    expect(linked.ino).toBe(blob.ino);
  });

  test.each([
    ['refs/pr/7', ['refs/refs/pr/7']],
    [COMMIT, []],
  ])('writes the ref of %s', async (revision, refs) => {
    const { store, root } = await setUp();
    await landView('hf', root, requestFor(FILES, { revision }), store);
    const names = await namesBelow(join(root, 'models--org--tiny-1.5'));
    expect(names.filter((name) => name.startsWith('refs/'))).toEqual(refs);
  });

  test('says in its tree what a filtered pull left out', async () => {
    const { store, root } = await setUp();
    await landView('hf', root, requestFor([config]), store);
    const text = await readFile(join(root, 'models--org--tiny-1.5/trees', `${COMMIT}.json`), 'utf8');
    const tree = JSON.parse(text) as { format_version: number; files: Record<string, unknown> };
    expect(text).toContain('\n "files": {\n  "config.json"');
    expect(tree.format_version).toBe(1);
    expect(Object.keys(tree.files)).toEqual(FILES.map((file) => file.path));
    const { gitOid, sha256, sizeBytes } = viewFile(weights);
    expect(tree.files['model.safetensors']).toEqual({
      size: sizeBytes,
      blob_id: gitOid,
      lfs_sha256: sha256,
      lfs_size: sizeBytes,
    });
    expect(tree.files['config.json']).toEqual({ size: config.bytes.length, blob_id: gitIdOf(config.bytes) });
  });

  test('has no tree when a git id is unknown', async () => {
    const { store, root } = await setUp();
    const allFiles = [{ path: 'a', sizeBytes: 1, lfs: false }];
    await landView('hf', root, requestFor([config], { allFiles }), store);
    expect(await namesBelow(join(root, 'models--org--tiny-1.5'))).not.toContain(`trees/${COMMIT}.json`);
  });

  test('says which files, often asked for, the model does not have', async () => {
    const { store, root } = await setUp();
    await landView('hf', root, requestFor(), store);
    const absent = await namesBelow(join(root, 'models--org--tiny-1.5/.no_exist', COMMIT));
    expect(absent).toContain('adapter_config.json');
    expect(absent).not.toContain('config.json');
  });

  test('holds real files where symlinks are impossible', async () => {
    const { store, root } = await setUp();
    const { path } = await landView('hf', root, requestFor(), store, { symlinks: false });
    for (const file of FILES) expect((await lstat(join(path, file.path))).isFile()).toBe(true);
    expect(await namesBelow(join(root, 'models--org--tiny-1.5'))).not.toContain('blobs');
  });

  test('takes ModelScope repositories: git ids from the proof, `main` beside `master`', async () => {
    const { store, root } = await setUp();
    const files = [{ path: config.path, sha256: sha256Of(config.bytes), sizeBytes: config.bytes.length, lfs: false }];
    const request = requestFor([config], { origin: 'ms', revision: 'master', files, allFiles: files });
    const { path } = await landView('hf', root, request, store);
    expect(await readlink(join(path, 'config.json'))).toBe(`../../blobs/${gitIdOf(config.bytes)}`);
    expect(await readFile(join(root, 'models--org--tiny-1.5/refs/main'), 'latin1')).toBe(COMMIT);
  });

  test.each([
    ['an id it cannot name', { id: 'host/a/b' }],
    ['an id with the separator in it', { id: 'a/b--c' }],
    ['a commit that is none', { commit: 'sha256-of-a-list' }],
  ])('refuses %s', async (_, changes) => {
    const { store, root } = await setUp();
    const landing = landView('hf', root, requestFor(FILES, changes), store);
    await expect(landing).rejects.toMatchObject({ code: 'BAD_SETTING' });
  });

  test('refuses a revision that would leave `refs`', async () => {
    const { store, root } = await setUp();
    const landing = landView('hf', root, requestFor(FILES, { revision: '../../x' }), store);
    await expect(landing).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  test('keeps a blob that another snapshot shows, also one that its client made', async () => {
    const { store, root } = await setUp();
    await landView('hf', root, requestFor(), store);
    const { path } = await landView('hf', root, requestFor(FILES, { commit: OTHER_COMMIT }), store);
    const records = await listViews(store);
    await removeView(
      store,
      records.find((record) => record.commit === COMMIT)!,
    );
    for (const file of FILES) expect((await readFile(join(path, file.path))).equals(file.bytes)).toBe(true);
    await removeView(
      store,
      records.find((record) => record.commit === OTHER_COMMIT)!,
    );
    expect(await namesBelow(root)).toEqual([]);
  });
});
