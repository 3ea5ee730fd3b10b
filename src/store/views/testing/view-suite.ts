import {
  link,
  lstat,
  mkdir,
  readFile,
  readlink,
  rename,
  rm,
  realpath,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { landView, listViews, removeView, type LandOptions, type Store, type ViewKind } from '../../index.js';
import { namesBelow, temporaryFolder } from '../../testing/fixtures.js';
import { FILES, filledStore, requestFor, viewFile } from './view-fixture.js';

const LARGE = FILES[1]!;

/** What every layout must hold to. */
export function viewSuite(kind: ViewKind): void {
  const setUp = async () => ({ store: await filledStore(), root: await temporaryFolder() });
  const land = (store: Store, root: string, options?: LandOptions) =>
    landView(kind, root, requestFor(), store, options);
  /** The name in the view that has the bytes of the large file: what others might put something in the way of. */
  const placeOf = async (store: Store, path: string = LARGE.path): Promise<string> => {
    const elsewhere = await temporaryFolder();
    const landed = await land(store, elsewhere);
    const shown = join(landed.path, path);
    const target = (await lstat(shown)).isSymbolicLink() ? join(dirname(shown), await readlink(shown)) : shown;
    const name = target.slice((await realpath(elsewhere)).length + 1);
    for (const record of await listViews(store)) await removeView(store, record);
    return name;
  };

  describe(`the ${kind} view`, () => {
    test('shows every file whole', async () => {
      const { store, root } = await setUp();
      const { path, methods } = await land(store, root);
      for (const file of FILES) expect((await readFile(join(path, file.path))).equals(file.bytes)).toBe(true);
      expect(Object.values(methods).reduce((sum, count) => sum + count, 0)).toBe(FILES.length);
    });

    test('changes nothing the second time', async () => {
      const { store, root } = await setUp();
      const first = await land(store, root);
      const before = await fingerprint(root);
      const second = await land(store, root);
      expect(second.methods).toEqual({ kept: FILES.length });
      expect(await fingerprint(root)).toEqual(before);
      expect(second).toMatchObject({ path: first.path });
      expect(sorted(second.entries)).toEqual(sorted(first.entries));
    });

    test.each([[['hardlink']], [['reflink', 'copy']], [['symlink']], [['copy']]] as const)(
      'can be made by %s',
      async (links) => {
        const { store, root } = await setUp();
        const first = await land(store, root, { links });
        for (const file of FILES) expect((await readFile(join(first.path, file.path))).equals(file.bytes)).toBe(true);
        const before = await fingerprint(root);
        expect((await land(store, root, { links })).methods).toEqual({ kept: FILES.length });
        expect(await fingerprint(root)).toEqual(before);
      },
    );

    test('falls down the ladder on another disk', async () => {
      const { store, root } = await setUp();
      const shm = '/dev/shm';
      const other = await stat(shm).catch(() => undefined);
      if (other === undefined || other.dev === (await stat(root)).dev) return;
      const far = join(shm, `sluice-view-${process.pid}-${kind}`);
      onTestFinished(() => rm(far, { recursive: true, force: true }));
      const { path, methods } = await land(store, far);
      for (const file of FILES) expect((await readFile(join(path, file.path))).equals(file.bytes)).toBe(true);
      expect(methods.hardlink).toBeUndefined();
      expect((await land(store, far)).methods).toEqual({ kept: FILES.length });
    });

    test('adds to what an earlier, filtered landing made', async () => {
      const { store, root } = await setUp();
      await landView(kind, root, requestFor(FILES.slice(0, 2)), store);
      const { path, methods } = await landView(kind, root, requestFor(FILES.slice(1)), store);
      for (const file of FILES) expect((await readFile(join(path, file.path))).equals(file.bytes)).toBe(true);
      expect(methods.kept).toBeGreaterThanOrEqual(1);
      expect(await listViews(store)).toHaveLength(1);
    });

    test('keeps a foreign file that has the same content', async () => {
      const { store, root } = await setUp();
      const place = join(root, await placeOf(store));
      await mkdir(dirname(place), { recursive: true });
      await writeFile(place, LARGE.bytes);
      const before = await lstat(place, { bigint: true });
      await land(store, root);
      expect(await lstat(place, { bigint: true })).toMatchObject({ ino: before.ino, mtimeNs: before.mtimeNs });
    });

    test.each([
      ['of another size', Buffer.from('short')],
      ['of the same size', Buffer.alloc(LARGE.bytes.length, 'x')],
    ])('replaces a file %s that its client would take for wrong, without writing into it', async (_, content) => {
      const { store, root } = await setUp();
      const place = join(root, await placeOf(store));
      await mkdir(dirname(place), { recursive: true });
      await writeFile(place, content);
      await link(place, join(root, 'second name'));
      const { path } = await land(store, root);
      expect((await readFile(join(path, LARGE.path))).equals(LARGE.bytes)).toBe(true);
      expect((await readFile(join(root, 'second name'))).equals(content)).toBe(true);
    });

    test('replaces a symlink in the place of a file and never writes through it', async () => {
      const { store, root } = await setUp();
      const place = join(root, await placeOf(store));
      const outside = join(await temporaryFolder(), 'precious');
      await writeFile(outside, 'precious');
      await mkdir(dirname(place), { recursive: true });
      await symlink(outside, place);
      const { path } = await land(store, root);
      expect((await readFile(join(path, LARGE.path))).equals(LARGE.bytes)).toBe(true);
      expect(await readFile(outside, 'utf8')).toBe('precious');
    });

    test('does not go through a symlinked folder', async () => {
      const { store, root } = await setUp();
      const outside = await temporaryFolder();
      const folder = dirname(await placeOf(store, 'onnx/fp16/model.onnx'));
      await mkdir(dirname(join(root, folder)), { recursive: true });
      await symlink(outside, join(root, folder));
      await expect(land(store, root)).rejects.toMatchObject({ code: 'VIEW_OBSTRUCTED' });
      expect(await namesBelow(outside)).toEqual([]);
    });

    test('stops at a folder or a file that is in the way', async () => {
      const { store, root } = await setUp();
      const name = await placeOf(store, 'onnx/fp16/model.onnx');
      await mkdir(join(root, name), { recursive: true });
      await writeFile(join(root, name, 'mine'), 'mine');
      await expect(land(store, root)).rejects.toMatchObject({ code: 'VIEW_OBSTRUCTED' });
      expect(await readFile(join(root, name, 'mine'), 'utf8')).toBe('mine');
      const other = await temporaryFolder();
      await mkdir(dirname(join(other, dirname(name))), { recursive: true });
      await writeFile(join(other, dirname(name)), 'a file where a folder should be');
      await expect(land(store, other)).rejects.toMatchObject({ code: 'VIEW_OBSTRUCTED' });
    });

    test.each(['../escape', '/etc/passwd', 'a/../../b', 'a\\..\\b', 'C:/x', ''])(
      'refuses the path %j',
      async (path) => {
        const { store, root } = await setUp();
        const request = requestFor(FILES, { files: [{ ...viewFile(LARGE), path }] });
        await expect(landView(kind, root, request, store)).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
        expect(await namesBelow(root)).toEqual([]);
      },
    );

    test('may be landed by several at once', async () => {
      const { store, root } = await setUp();
      const results = await Promise.all([land(store, root), land(store, root), land(store, root)]);
      for (const file of FILES)
        expect((await readFile(join(results[0].path, file.path))).equals(file.bytes)).toBe(true);
      expect((await namesBelow(root)).filter((name) => /tmp|incomplete|lease/.test(name))).toEqual([]);
    });

    test('ends when it is told to', async () => {
      const { store, root } = await setUp();
      const landing = landView(kind, root, requestFor(), store, { signal: AbortSignal.abort() });
      await expect(landing).rejects.toMatchObject({ code: 'INTERRUPTED' });
    });

    test('goes away without a trace, and leaves everything else', async () => {
      const { store, root } = await setUp();
      await writeFile(join(root, 'mine'), 'mine');
      await land(store, root);
      const [record] = await listViews(store);
      const { left } = await removeView(store, record!);
      expect(left).toEqual([]);
      expect(await namesBelow(root)).toEqual(['mine']);
      expect(await listViews(store)).toEqual([]);
      for (const file of FILES) expect(await store.blobState(viewFile(file).sha256)).toBe('proven');
    });

    test('leaves a file that was changed since', async () => {
      const { store, root } = await setUp();
      const { path } = await land(store, root);
      const shown = join(path, 'config.json');
      await writeFile(`${shown}.new`, 'changed by a person');
      await rename(`${shown}.new`, shown);
      const [record] = await listViews(store);
      await removeView(store, record!);
      expect(await readFile(shown, 'utf8')).toBe('changed by a person');
    });

    test('does not follow a symlinked folder to remove anything', async () => {
      const { store, root } = await setUp();
      const { path } = await land(store, root);
      const away = join(await temporaryFolder(), 'onnx');
      await rename(join(path, 'onnx'), away);
      await symlink(away, join(path, 'onnx'));
      const before = await namesBelow(away);
      const [record] = await listViews(store);
      await removeView(store, record!);
      expect(await namesBelow(away)).toEqual(before);
    });
  });
}

function sorted<T extends { readonly path: string }>(entries: readonly T[]): readonly T[] {
  return [...entries].sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** Everything that would show a change, of every name. */
async function fingerprint(root: string): Promise<readonly unknown[]> {
  const names = await namesBelow(root);
  return Promise.all(
    names.map(async (name) => {
      const { ino, mtimeNs, size, mode } = await lstat(join(root, name), { bigint: true });
      return { name, ino, mtimeNs, size, mode };
    }),
  );
}
