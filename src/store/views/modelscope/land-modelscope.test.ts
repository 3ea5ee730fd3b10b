import { mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { landView, listViews } from '../../index.js';
import { namesBelow, temporaryFolder } from '../../testing/fixtures.js';
import { COMMIT, FILES, OTHER_COMMIT, filledStore, requestFor, viewFile } from '../testing/view-fixture.js';
import { viewSuite } from '../testing/view-suite.js';
import { formatPickle } from './format-pickle.js';
import { parsePickle } from './parse-pickle.js';

viewSuite('modelscope');
viewSuite('modelscope-legacy');

const setUp = async () => ({ store: await filledStore(), root: await temporaryFolder() });
const request = requestFor(FILES, {
  origin: 'ms',
  revision: 'master',
  createdAtS: 1_750_000_000,
  files: FILES.map((file) => ({ ...viewFile(file), fileRevision: `of-${file.path}` })),
});

describe('a ModelScope cache', () => {
  test('keeps dots and puts the revision into the path', async () => {
    const { store, root } = await setUp();
    const { path } = await landView('modelscope', root, request, store);
    expect(path).toBe(join(root, 'models/org--tiny-1.5/snapshots/master'));
    expect(await namesBelow(path)).toEqual(FILES.map((file) => file.path).sort());
  });

  test('shows the main revision of Hugging Face as master', async () => {
    const { store, root } = await setUp();
    const { path } = await landView('modelscope', root, requestFor(), store);
    expect(path).toBe(join(root, 'models/org--tiny-1.5/snapshots/master'));
  });

  test.each(['', 'hub/'])('puts the files where an older folder below "%s" would be preferred', async (below) => {
    const { store, root } = await setUp();
    const folder = join(root, `${below}models/org/tiny-1___5`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'old.txt'), '');
    expect((await landView('modelscope', root, request, store)).path).toBe(folder);
    expect(await namesBelow(folder)).toContain('model.safetensors');
  });

  test('still needs the blob of a file that the next commit no longer has', async () => {
    const { store, root } = await setUp();
    await landView('modelscope', root, request, store, { links: ['symlink'] });
    const next = { ...request, commit: OTHER_COMMIT, files: request.files.slice(0, 1) };
    await landView('modelscope', root, next, store, { links: ['symlink'] });
    const [view] = await listViews(store);
    expect(view!.commit).toBe(OTHER_COMMIT);
    expect(view!.blobs).toEqual([...new Set(request.files.map((file) => file.sha256))].sort());
  });

  test('is not for repositories without an owner', async () => {
    const { store, root } = await setUp();
    for (const kind of ['modelscope', 'modelscope-legacy'] as const) {
      const landing = landView(kind, root, requestFor(FILES, { id: 'gpt2' }), store);
      await expect(landing).rejects.toMatchObject({ code: 'BAD_SETTING' });
    }
  });
});

describe('an older ModelScope cache', () => {
  test('has the three files by which its client knows what is here', async () => {
    const { store, root } = await setUp();
    const { path } = await landView('modelscope-legacy', root, request, store);
    expect(path).toBe(join(root, 'models/org/tiny-1___5'));
    expect(await readlink(join(root, 'models/org/tiny-1.5'))).toBe('tiny-1___5');
    expect(await readFile(join(path, '.mv'), 'latin1')).toBe('Revision:master,CreatedAt:1750000000');
    expect(parsePickle(await readFile(join(path, '.mdl')))).toEqual({ id: 'org/tiny-1.5' });
    expect(parsePickle(await readFile(join(path, '.msc')))).toEqual(
      FILES.map((file) => ({ Path: file.path, Revision: `of-${file.path}` })),
    );
  });

  test('keeps what its client knew before', async () => {
    const { store, root } = await setUp();
    const folder = join(root, 'models/org/tiny-1___5');
    await mkdir(folder, { recursive: true });
    const old = [
      { Path: 'old.txt', Revision: 'r1' },
      { Path: 'config.json', Revision: 'r0' },
    ];
    await writeFile(join(folder, '.msc'), formatPickle(old));
    await landView('modelscope-legacy', root, { ...request, files: request.files.slice(0, 1) }, store);
    expect(parsePickle(await readFile(join(folder, '.msc')))).toEqual([
      { Path: 'old.txt', Revision: 'r1' },
      { Path: 'config.json', Revision: 'of-config.json' },
    ]);
  });

  test('starts anew over an index that cannot be read', async () => {
    const { store, root } = await setUp();
    const folder = join(root, 'models/org/tiny-1___5');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, '.msc'), "cos\nsystem\n(S'echo'\ntR.");
    await landView('modelscope-legacy', root, request, store);
    expect(parsePickle(await readFile(join(folder, '.msc')))).toHaveLength(FILES.length);
  });

  test.each(['.msc', '.MDL', '.mv/x'])('refuses a repository with a file named %s', async (path) => {
    const { store, root } = await setUp();
    const files = [{ ...viewFile(FILES[0]!), path, fileRevision: COMMIT }];
    const landing = landView('modelscope-legacy', root, { ...request, files }, store);
    await expect(landing).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });
});
