import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { landView, listViews, removeView } from '../../index.js';
import { namesBelow, temporaryFolder } from '../../testing/fixtures.js';
import { COMMIT, FILES, OTHER_COMMIT, filledStore, requestFor } from '../testing/view-fixture.js';
import { viewSuite } from '../testing/view-suite.js';
import type { RepositoryIndex } from './repository-index.js';
import { parseRepository } from './repository-metadata.js';

viewSuite('repository');

const setUp = async () => ({ store: await filledStore(), root: await temporaryFolder() });
const indexOf = async (root: string) => JSON.parse(await readFile(join(root, 'index.json'), 'utf8')) as RepositoryIndex;

describe('a repository of our own', () => {
  test('has files, metadata and an index that leads to both', async () => {
    const { store, root } = await setUp();
    await landView('repository', root, requestFor(FILES.slice(0, 2)), store);
    const { path } = await landView('repository', root, requestFor(FILES.slice(2)), store);
    expect(path).toBe(join(root, 'models/hf/org/tiny-1.5', COMMIT));
    const index = await indexOf(root);
    expect(index.repositories).toHaveLength(1);
    const [repository] = index.repositories;
    expect(repository).toMatchObject({ origin: 'hf', kind: 'model', id: 'org/tiny-1.5', revisions: { main: COMMIT } });
    const [commit] = repository!.commits;
    expect(commit).toMatchObject({ commit: COMMIT, files: FILES.length, complete: true });
    const metadata = parseRepository(await readFile(join(root, commit!.metadata), 'utf8'));
    expect(metadata?.files.map((file) => [file.path, file.here])).toEqual(FILES.map((file) => [file.path, true]));
  });

  test('says what a filtered pull left out', async () => {
    const { store, root } = await setUp();
    await landView('repository', root, requestFor(FILES.slice(0, 1)), store);
    const [repository] = (await indexOf(root)).repositories;
    expect(repository!.commits[0]).toMatchObject({ files: 1, complete: false });
  });

  test('keeps commits apart and knows which one a branch means now', async () => {
    const { store, root } = await setUp();
    await landView('repository', root, requestFor(), store);
    await landView('repository', root, requestFor(FILES, { commit: OTHER_COMMIT }), store);
    const [repository] = (await indexOf(root)).repositories;
    expect(repository!.commits.map((one) => one.commit)).toEqual([COMMIT, OTHER_COMMIT]);
    expect(repository!.revisions).toEqual({ main: OTHER_COMMIT });
    const records = await listViews(store);
    await removeView(
      store,
      records.find((record) => record.commit === OTHER_COMMIT)!,
    );
    const [left] = (await indexOf(root)).repositories;
    expect(left!.commits.map((one) => one.commit)).toEqual([COMMIT]);
  });

  test.each([
    [{ origin: 'hf', kind: 'dataset', id: 'org/d' }, 'datasets/hf/org/d'],
    [{ origin: 'hf', kind: 'model', id: 'gpt2' }, 'models/hf/_/gpt2'],
    [{ origin: 'https', kind: 'model', id: 'host:8080/a/b' }, 'models/https/host+8080/a/b'],
  ] as const)('has a place for %j', async (changes, folder) => {
    const { store, root } = await setUp();
    const { path } = await landView('repository', root, requestFor(FILES, changes), store);
    expect(path).toBe(join(root, folder, COMMIT));
  });

  test('refuses an id that would leave it', async () => {
    const { store, root } = await setUp();
    const landing = landView('repository', root, requestFor(FILES, { id: '../../x' }), store);
    await expect(landing).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  test('leaves broken metadata out of the index', async () => {
    const { store, root } = await setUp();
    await landView('repository', root, requestFor(), store);
    await writeFile(join(root, 'metadata/models/broken.json'), '{"format":');
    await landView('repository', root, requestFor(FILES, { id: 'org/two' }), store);
    expect((await indexOf(root)).repositories.map((one) => one.id)).toEqual(['org/tiny-1.5', 'org/two']);
    expect(await namesBelow(root)).not.toContain('.index.lease');
  });

  test('never throws for what it finds as metadata', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseRepository(text)).toBeUndefined();
      }),
    );
  });
});
