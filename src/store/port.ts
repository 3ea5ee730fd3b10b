import type { Digests } from '../base/index.js';

/**
 * What identifies a partial across runs, machines and sources: a digest where there is one, else the URL with its validators.
 * Two pulls of the same content, from wherever, share one partial.
 */
export interface PartialIdentity {
  readonly digests: Digests;
  readonly sizeBytes: number | undefined;
  readonly url?: string;
  readonly validators?: { readonly etag?: string; readonly lastModified?: string };
}

/**
 * A file on its way in, held by one process at a time: a folder in the store with `data`, `journal` and `lease`.
 * The holder's lease has a heartbeat; `lost` fires when somebody else took it (this process slept past its end).
 */
export interface Partial {
  /** Stable name of the identity, safe as a file name. */
  readonly key: string;
  /** Bytes stand at their final offsets. */
  readonly dataPath: string;
  readonly journalPath: string;
  readonly lost: AbortSignal;
  /** Makes `data` this long with its space reserved where the file system can, unless it is to be `isSparse`. @throws SluiceError DISK_FULL */
  allocate(sizeBytes: number, options?: { readonly isSparse?: boolean }): Promise<void>;
  /**
   * Makes proven bytes a blob: fsync, read-only mode, rename to the blob's name, fsync of its folder, stamp, and the partial is gone.
   * An existing blob of that name wins.
   */
  commit(proof: BlobProof): Promise<void>;
  /** Lets go of the lease and keeps everything. */
  release(): Promise<void>;
  /** Removes data and journal (they proved useless); the lease stays. */
  reset(): Promise<void>;
}

/** What a proof leaves behind: enough to mend one piece later without asking anybody. */
export interface BlobProof {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Further digests that were computed, e.g. the git id: the blob is found under these too. */
  readonly digests: Digests;
  /** CRC-32 or SHA-256 of each piece in hex, in order: what has become different on disk. A single-piece file has none. */
  readonly pieces?: { readonly pieceBytes: number; readonly digests: readonly string[] };
}

/** A document as it was found. A broken one is never an exception: whoever reads it decides what its loss means. */
export type DocumentRead =
  | { readonly status: 'ok'; readonly name: string; readonly writtenAt: string; readonly value: unknown }
  | { readonly status: 'absent' }
  | { readonly status: 'broken'; readonly path: string; readonly reason: string };

/**
 * Small JSON documents by collection (`manifests`, `pulls`, `views`, ...) and any name up to 4096 bytes. Written atomically and durably.
 * The value's own shape, and its check on reading, are its writer's.
 */
export interface Documents {
  read(collection: string, name: string): Promise<DocumentRead>;
  write(collection: string, name: string, value: unknown): Promise<void>;
  /** Every document of the collection, broken ones too; none when there is no such collection. */
  list(collection: string): Promise<readonly DocumentRead[]>;
  /** Another whenever a document of the collection was written or removed; undefined while there is no such collection, or it was changed so lately that the clock of the disk might not show it. */
  versionOf(collection: string): Promise<string | undefined>;
  remove(collection: string, name: string): Promise<void>;
}

export type BlobState = 'proven' | 'unproven' | 'absent';

/**
 * Blobs by SHA-256, partials, stamps, and small JSON documents, under one root. Contract: a blob's name appears only with proven bytes
 * under it; every write is temporary name → fsync → rename; all methods throw SluiceErrors.
 */
export interface Store {
  readonly root: string;
  readonly documents: Documents;
  /** Where the blob is, or would be. */
  blobPath(sha256: string): string;
  /** `proven`: there, and its stamp (size, mtime, inode) still fits. `unproven`: there, but it must be hashed again. Costs one stat and one small read. */
  blobState(sha256: string): Promise<BlobState>;
  /** The SHA-256 of a blob known under another digest and size, when we hold it. */
  lookup(digests: Digests, sizeBytes: number | undefined): Promise<string | undefined>;
  /** The proof made when the blob came in, if it is still known; also for a blob that turned out wrong and waits to be mended. */
  blobProof(sha256: string): Promise<BlobProof | undefined>;
  /**
   * Hashes the blob again; renews its stamp (with digests of pieces where it is large and had none, or was distrusted), or, when it is wrong, takes its name away and leaves its bytes for repair: the partial of its SHA-256 then
   * has `data` and no journal, and `blobProof` still tells the hash of every piece.
   */
  proveBlob(sha256: string, signal?: AbortSignal): Promise<'proven' | 'wrong' | 'absent'>;
  /** Somebody found bytes of it that its proof does not allow: it is `unproven` until it is hashed again, whatever its file looks like. */
  distrustBlob(sha256: string): Promise<void>;
  /** Takes its name away, for which a full disk has room too; whoever has it open, or links to it, keeps the bytes. */
  removeBlob(sha256: string): Promise<void>;
  /** A small file that is already proven in memory. */
  putBytes(bytes: Uint8Array, proof: BlobProof): Promise<void>;
  /**
   * Takes the lease of a partial, making it when needed. While another live process holds it, waits (`onWait` is told who) and
   * resolves with `undefined` if the blob came to be in the meantime.
   */
  openPartial(
    identity: PartialIdentity,
    options: { signal: AbortSignal; onWait?: (holder: string) => void },
  ): Promise<Partial | undefined>;
  /** Where the journal of a partial is, or would be: for a look without its lease. */
  journalPath(identity: PartialIdentity): string;
  /** Room on the disk that a partial takes already, reserved or written: for a look without its lease. */
  partialBytes(identity: PartialIdentity): Promise<number>;
  freeBytes(): Promise<number>;
}
