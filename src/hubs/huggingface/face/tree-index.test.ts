import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gitTreeId } from './git-names.js';
import { TreeIndex } from './tree-index.js';

const OID = 'a'.repeat(40);
const fileAt = (path: string) => ({ path, sizeBytes: 1, digests: { gitSha1: OID } });

/** Names with the signs before and after the slash, in which sorted listings and trees differ. */
const name = fc.string({
  unit: fc.constantFrom('a', 'b', '-', '.', '0', 'é', '\u{1F600}'),
  minLength: 1,
  maxLength: 3,
});
/** Paths of which none is the folder of another. */
const paths = fc
  .uniqueArray(
    fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
    { maxLength: 40 },
  )
  .map((all) => all.filter((path) => !all.some((other) => other.startsWith(`${path}/`))));

interface Folder {
  readonly folders: Map<string, Folder>;
  readonly files: string[];
}

/** By maps, as anybody would. */
function treeOf(all: readonly string[]): Folder {
  const root: Folder = { folders: new Map(), files: [] };
  for (const path of all) {
    let folder = root;
    const parts = path.split('/');
    for (const part of parts.slice(0, -1)) {
      const inner = folder.folders.get(part) ?? { folders: new Map<string, Folder>(), files: [] };
      folder.folders.set(part, inner);
      folder = inner;
    }
    folder.files.push(parts.at(-1) ?? '');
  }
  return root;
}

function walk(folder: Folder, prefix: string): string[] {
  const inner = [...folder.folders].flatMap(([part, each]) => [
    `${prefix}${part}/`,
    ...walk(each, `${prefix}${part}/`),
  ]);
  return [...inner, ...folder.files.map((file) => prefix + file)];
}

const oidOf = (folder: Folder): string =>
  gitTreeId([
    ...[...folder.folders].map(([part, each]) => ({ name: part, oid: oidOf(each), isFolder: true })),
    ...folder.files.map((file) => ({ name: file, oid: OID, isFolder: false })),
  ]);

test('a listing has the folders, files and git ids that its paths make, in whatever order it came', () => {
  fc.assert(
    fc.property(paths, fc.boolean(), (all, isSorted) => {
      const sorted = [...all].sort((a, b) => (a < b ? -1 : 1));
      const index = TreeIndex.of((isSorted ? sorted : all).map(fileAt));
      const tree = treeOf(sorted);
      const root = index.folder('');
      if (root === undefined) throw new Error('no root');
      const shown = [...index.walk(root, true)].map((node) =>
        'file' in node ? node.file.path : `${node.folder.path}/`,
      );
      expect(shown).toEqual(walk(tree, ''));
      expect(root.oid).toBe(oidOf(tree));
      const direct = [...index.walk(root, false)].map((node) => ('file' in node ? node.file.path : node.folder.path));
      expect(direct).toEqual([...tree.folders.keys(), ...tree.files]);
      for (const path of all) {
        expect(index.file(path)?.path).toBe(path);
        expect(index.folder(path)).toBeUndefined();
        expect(index.file(`${path}0`)?.path).toBe(all.find((each) => each === `${path}0`));
      }
      for (const path of shown)
        if (path.endsWith('/')) expect(index.folder(path.slice(0, -1))?.path).toBe(path.slice(0, -1));
    }),
    { numRuns: 200 },
  );
});
