import type { ManifestFile } from '../../port.js';
import { gitOidOf, gitTreeId } from './git-names.js';

export interface TreeFolder {
  /** `''` for the root. */
  readonly path: string;
  /** The id that git gives it; computed when first asked for. */
  readonly oid: string;
}

export type TreeNode = { readonly folder: TreeFolder } | { readonly file: ManifestFile };

/** A folder, and which of the sorted files are in it: [start, end). */
interface Range {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/** A listing by folders. What is in a folder stands side by side in a sorted listing, so that nothing but the listing is held. */
export class TreeIndex {
  static readonly #made = new WeakMap<readonly ManifestFile[], TreeIndex>();
  readonly #files: readonly ManifestFile[];
  readonly #oids = new Map<string, string>();

  static of(files: readonly ManifestFile[]): TreeIndex {
    const made = TreeIndex.#made.get(files) ?? new TreeIndex(files);
    TreeIndex.#made.set(files, made);
    return made;
  }

  private constructor(files: readonly ManifestFile[]) {
    const isSorted = files.every(({ path }, at) => at === 0 || (files[at - 1]?.path ?? '') < path);
    this.#files = isSorted ? files : [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  file(path: string): ManifestFile | undefined {
    const found = this.#files[this.#firstFrom(path, 0)];
    return found?.path === path ? found : undefined;
  }

  folder(path: string): TreeFolder | undefined {
    const range = this.#rangeOf(path);
    return path !== '' && range.start === range.end ? undefined : this.#shown(range);
  }

  /** What is in a folder: folders before files, each folder followed by what is in it when all of it is wanted. */
  *walk({ path }: TreeFolder, isRecursive: boolean): Generator<TreeNode> {
    for (const child of this.#walk(this.#rangeOf(path), isRecursive))
      yield 'file' in child ? child : { folder: this.#shown(child) };
  }

  *#walk(range: Range, isRecursive: boolean): Generator<Range | { readonly file: ManifestFile }> {
    for (const child of this.#children(range)) {
      if ('file' in child) continue;
      yield child;
      if (isRecursive) yield* this.#walk(child, true);
    }
    for (const child of this.#children(range)) if ('file' in child) yield child;
  }

  /** What is in a folder itself, sorted. */
  *#children({ path, start, end }: Range): Generator<Range | { readonly file: ManifestFile }> {
    const from = path === '' ? 0 : path.length + 1;
    for (let at = start; at < end;) {
      const file = this.#files[at];
      if (file === undefined) return;
      const slash = file.path.indexOf('/', from);
      if (slash < 0) {
        yield { file };
        at += 1;
      } else {
        const inner = this.#rangeOf(file.path.slice(0, slash), at);
        yield inner;
        at = inner.end;
      }
    }
  }

  #shown(range: Range): TreeFolder {
    const oid = (): string => this.#oidOf(range);
    return {
      path: range.path,
      get oid() {
        return oid();
      },
    };
  }

  #oidOf(range: Range): string {
    const known = this.#oids.get(range.path);
    if (known !== undefined) return known;
    const nameOf = (path: string): string => path.slice(range.path === '' ? 0 : range.path.length + 1);
    const members = [...this.#children(range)].map((child) =>
      'file' in child
        ? { name: nameOf(child.file.path), oid: gitOidOf(child.file), isFolder: false }
        : { name: nameOf(child.path), oid: this.#oidOf(child), isFolder: true },
    );
    const oid = gitTreeId(members);
    this.#oids.set(range.path, oid);
    return oid;
  }

  #rangeOf(path: string, from = 0): Range {
    if (path === '') return { path, start: 0, end: this.#files.length };
    const start = this.#firstFrom(`${path}/`, from);
    // The sign after the slash: the first name that can follow the folder's.
    return { path, start, end: this.#firstFrom(`${path}0`, start) };
  }

  /** Of the files from `from` on, the first whose path is `path` or comes after it. */
  #firstFrom(path: string, from: number): number {
    let [low, high] = [from, this.#files.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#files[middle]?.path ?? '') < path) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
