import { gitOidOf, sha256Of, toContent, type Content, type ContentLike } from './content.js';
import { buildTree, commitId, lfsPointer, type TreeFolder } from './git-objects.js';

export type SimKind = 'model' | 'dataset' | 'space';
export type SimFiles = Readonly<Record<string, ContentLike>>;

/** A branch, a tag, `refs/pr/N` or `refs/convert/…`, with content of its own. */
export interface SimRevision {
  readonly name: string;
  readonly type: 'branch' | 'tag' | 'ref';
  readonly files: SimFiles;
}

/** What a hub knows of a repository. The same one may be given to several hubs: commits and digests come out the same. */
export interface SimRepository {
  /** `model` unless told. */
  readonly kind?: SimKind;
  /** `name` or `org/name`. */
  readonly id: string;
  /** The head of the default branch: `main`, which ModelScope calls `master`. */
  readonly files: SimFiles;
  readonly revisions?: readonly SimRevision[];
  /** Which files are kept as LFS objects; by default large ones and those with a weight's extension. */
  readonly lfs?: (path: string, sizeBytes: number) => boolean;
  readonly private?: boolean;
  readonly gated?: boolean;
  /** Tokens that may read it although it is private or gated. */
  readonly tokens?: readonly string[];
}

export interface StoredFile {
  readonly path: string;
  readonly content: Content;
  readonly sizeBytes: number;
  readonly isLfs: boolean;
  /** Hex, of the content; computed when first asked for. */
  readonly sha256: string;
  /** git's id of what is committed: the content, or the pointer of an LFS file. */
  readonly oid: string;
  /** What the hub calls the content: the SHA-256 of LFS files, the git id of others. */
  readonly etag: string;
}

export interface Commit {
  readonly id: string;
  readonly title: string;
  readonly date: Date;
  readonly files: ReadonlyMap<string, StoredFile>;
  readonly tree: TreeFolder;
}

export interface SimRef {
  readonly name: string;
  readonly type: SimRevision['type'];
  readonly commit: Commit;
}

const WEIGHTS = /\.(?:safetensors|gguf|bin|onnx|pt|pth|h5|parquet)$/;
const LFS_BYTES = 10 * 1000 * 1000;
const EPOCH_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

/** A repository as one hub holds it. `author` makes commit ids of different hubs differ, as they do in life. */
export class Repository {
  readonly spec: SimRepository;
  readonly kind: SimKind;
  readonly #author: string;
  readonly #commits = new Map<string, Commit>();
  readonly #refs = new Map<string, SimRef>();

  constructor(spec: SimRepository, author: string, defaultBranch: string) {
    this.spec = spec;
    this.kind = spec.kind ?? 'model';
    this.#author = author;
    this.defaultBranch = defaultBranch;
    for (const revision of spec.revisions ?? []) this.#point(revision.name, revision.type, revision.files);
    this.#point(defaultBranch, 'branch', spec.files);
  }

  readonly defaultBranch: string;

  get id(): string {
    return this.spec.id;
  }

  get refs(): readonly SimRef[] {
    return [...this.#refs.values()];
  }

  /** Newest first. */
  get commits(): readonly Commit[] {
    return [...this.#commits.values()].reverse();
  }

  /** The commit that a branch, tag, ref, full or short commit id means. */
  resolve(revision: string): Commit | undefined {
    const aliases = [revision, revision.replace(/^refs\/(?:heads|tags)\//, '')];
    if (revision === 'main' || revision === 'master') aliases.push(this.defaultBranch);
    for (const name of aliases) {
      const ref = this.#refs.get(name);
      if (ref !== undefined) return ref.commit;
    }
    if (!/^[0-9a-f]{7,40}$/.test(revision)) return undefined;
    return this.commits.find((commit) => commit.id.startsWith(revision));
  }

  /** Commits new content to the default branch. */
  update(files: SimFiles): Commit {
    return this.#point(this.defaultBranch, 'branch', files);
  }

  #point(name: string, type: SimRevision['type'], files: SimFiles): Commit {
    const stored = new Map<string, StoredFile>();
    for (const path of Object.keys(files).sort()) {
      stored.set(path, storeFile(path, toContent(files[path] ?? ''), this.spec.lfs ?? looksLarge));
    }
    const tree = buildTree([...stored].map(([path, file]) => [path, file.oid] as const));
    const parent = this.#refs.get(name)?.commit;
    const date = new Date(EPOCH_MS + this.#commits.size * DAY_MS);
    const title = parent === undefined ? `Add ${name}` : `Update ${name}`;
    const id = commitId({ tree: tree.oid, parent: parent?.id, author: this.#author, date, title });
    const commit: Commit = { id, title, date, files: stored, tree };
    this.#commits.set(id, commit);
    this.#refs.set(name, { name, type, commit });
    return commit;
  }
}

function looksLarge(path: string, sizeBytes: number): boolean {
  return sizeBytes > LFS_BYTES || WEIGHTS.test(path);
}

function storeFile(path: string, content: Content, isLarge: (path: string, sizeBytes: number) => boolean): StoredFile {
  const sizeBytes = content.sizeBytes;
  const isLfs = isLarge(path, sizeBytes);
  const oid = isLfs ? gitOidOf(toContent(lfsPointer(sha256Of(content), sizeBytes))) : gitOidOf(content);
  return {
    path,
    content,
    sizeBytes,
    isLfs,
    oid,
    etag: isLfs ? sha256Of(content) : oid,
    get sha256() {
      return sha256Of(content);
    },
  };
}
