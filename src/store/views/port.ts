import type { StopSign } from '../files/hash-file.js';
import type { Store } from '../port.js';

/** Layouts that loaders know. */
export type ViewKind = 'hf' | 'modelscope' | 'modelscope-legacy' | 'flat' | 'repository';

/** How one file came to stand in a view: best first. */
export type LinkMethod = 'hardlink' | 'reflink' | 'symlink' | 'copy' | 'kept';

/** One file to show. Its blob is proven and in the store. */
export interface ViewFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Git object id in the tree; for LFS files the pointer's. Needed by `hf` for small files (their cache name) and its `trees/`. */
  readonly gitOid?: string;
  /** Whether the listing gave a SHA-256 (LFS): the cache name is then the SHA-256, else the git id. */
  readonly lfs: boolean;
  readonly xetHash?: string;
  readonly fileRevision?: string;
}

/** A pinned repository, with the files of it that are to be seen. */
export interface ViewRequest {
  readonly origin: 'hf' | 'ms' | 'https';
  readonly kind: 'model' | 'dataset' | 'space';
  /** `org/name`; for plain HTTP the host and path it came from. */
  readonly id: string;
  /** As asked for: branch, tag or commit. */
  readonly revision: string;
  readonly commit: string;
  readonly createdAtS?: number;
  readonly endpoint: string;
  readonly files: readonly ViewFile[];
  /** The whole listing, also of files that were filtered out: `trees/<commit>.json` is honest about what is missing. */
  readonly allFiles: readonly (Omit<ViewFile, 'sha256'> & { readonly sha256?: string })[];
}

/** A name that was made in a view, with what it takes to know it again before it is removed. `path` is relative to the view's root. */
export type ViewEntry =
  | { readonly type: 'symlink'; readonly path: string; readonly target: string }
  | {
      readonly type: 'file';
      readonly path: string;
      readonly sha256: string;
      readonly sizeBytes: number;
      readonly mtimeNs: string;
      readonly inode: string;
    };

export interface ViewResult {
  /** What a loader opens: the snapshot folder, or the flat folder. */
  readonly path: string;
  readonly methods: Readonly<Partial<Record<LinkMethod, number>>>;
  /** Every name that was made in the view, now or at an earlier landing of the same repository. */
  readonly entries: readonly ViewEntry[];
}

export interface LandOptions {
  /** Ways to bring a blob into the view, tried in this order. Default: hardlink, reflink, symlink, copy. */
  readonly links?: readonly Exclude<LinkMethod, 'kept'>[];
  /** `hf` only: false puts real files into `snapshots/`, as its client does where symlinks are impossible. Default: symlinks if they can be made. */
  readonly symlinks?: boolean;
  /** Ends the landing between files, and the hashing of a foreign one. */
  readonly signal?: StopSign;
}

/**
 * Makes files of the store appear under `root`. Contract (one suite for all views): never writes through a symlink that it did not make itself and never
 * outside `root`; a foreign file in the way is kept if its content is the same, replaced if the layout's own client would replace it, and otherwise
 * VIEW_OBSTRUCTED; a reader sees the old state or the new, never half a file; doing it twice changes nothing. What was made is recorded in the store's
 * documents (`views`), which makes the second time cost per file, not per byte, and is what `removeView` goes by.
 */
export type LandView = (
  kind: ViewKind,
  root: string,
  request: ViewRequest,
  store: Store,
  options?: LandOptions,
) => Promise<ViewResult>;
