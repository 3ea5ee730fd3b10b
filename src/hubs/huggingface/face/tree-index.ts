import type { ManifestFile } from '../../port.js';
import { gitOidOf, gitTreeId } from './git-names.js';

export interface TreeFolder {
  /** `''` for the root. */
  readonly path: string;
  readonly folders: ReadonlyMap<string, TreeFolder>;
  readonly files: ReadonlyMap<string, ManifestFile>;
  /** The id that git gives it; computed when first asked for. */
  readonly oid: string;
}

export type TreeNode = { readonly folder: TreeFolder } | { readonly file: ManifestFile };

/** A listing by folders. Made once for each listing, whoever asks. */
export class TreeIndex {
  static readonly #made = new WeakMap<readonly ManifestFile[], TreeIndex>();
  readonly #root = new Folder('');
  readonly #folders = new Map<string, Folder>([['', this.#root]]);
  readonly #files = new Map<string, ManifestFile>();

  static of(files: readonly ManifestFile[]): TreeIndex {
    const made = TreeIndex.#made.get(files) ?? new TreeIndex(files);
    TreeIndex.#made.set(files, made);
    return made;
  }

  private constructor(files: readonly ManifestFile[]) {
    for (const file of files) {
      this.#files.set(file.path, file);
      const slash = file.path.lastIndexOf('/');
      this.#folderAt(slash < 0 ? '' : file.path.slice(0, slash)).files.set(file.path.slice(slash + 1), file);
    }
  }

  file(path: string): ManifestFile | undefined {
    return this.#files.get(path);
  }

  folder(path: string): TreeFolder | undefined {
    return this.#folders.get(path);
  }

  /** What is in a folder: folders before files, each folder followed by what is in it when all of it is wanted. */
  *walk(folder: TreeFolder, isRecursive: boolean): Generator<TreeNode> {
    for (const inner of folder.folders.values()) {
      yield { folder: inner };
      if (isRecursive) yield* this.walk(inner, true);
    }
    for (const file of folder.files.values()) yield { file };
  }

  #folderAt(path: string): Folder {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const slash = path.lastIndexOf('/');
    const folder = new Folder(path);
    this.#folders.set(path, folder);
    this.#folderAt(slash < 0 ? '' : path.slice(0, slash)).folders.set(path.slice(slash + 1), folder);
    return folder;
  }
}

class Folder implements TreeFolder {
  readonly path: string;
  readonly folders = new Map<string, Folder>();
  readonly files = new Map<string, ManifestFile>();
  #oid: string | undefined;

  constructor(path: string) {
    this.path = path;
  }

  get oid(): string {
    this.#oid ??= gitTreeId([
      ...[...this.folders].map(([name, { oid }]) => ({ name, oid, isFolder: true })),
      ...[...this.files].map(([name, file]) => ({ name, oid: gitOidOf(file), isFolder: false })),
    ]);
    return this.#oid;
  }
}
