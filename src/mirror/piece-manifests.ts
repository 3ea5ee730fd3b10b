import { toSluiceError, type EventSink, type SluiceEvent } from '../base/index.js';
import { repositoryPath, type Snapshot } from '../hubs/index.js';
import {
  createFollowers,
  formatPieceManifest,
  LEAST_PIECE_BYTES,
  manifestPieceBytes,
  MOST_PIECE_BYTES,
  parsePieceManifest,
  pieceAlgorithmOf,
  type Followers,
  type ManifestEntry,
  type PieceHashes,
} from '../proof/index.js';
import { pieceManifestsIn, type PieceManifestFiles, type Store } from '../store/index.js';

/** Blobs that wait to be hashed; what is beyond is hashed when somebody asks for it. */
const MOST_WAITING = 10_000;

/** SHA-256 of the pieces of what is here, made once after a blob came, by a thread of its own, one blob after the other. */
export class PieceManifests {
  readonly #store: Store;
  readonly #files: PieceManifestFiles;
  readonly #emit: EventSink;
  readonly #waiting = new Map<string, number>();
  #followers: Followers | undefined;
  #working: Promise<void> | undefined;
  #isClosed = false;

  constructor(store: Store, emit: EventSink) {
    this.#store = store;
    this.#files = pieceManifestsIn(store);
    this.#emit = emit;
  }

  /** What happens to files passes through here: those that were proven are hashed by pieces. */
  tap(event: SluiceEvent): void {
    if (event.type === 'file.proven' && event.sizeBytes > LEAST_PIECE_BYTES) this.#want(event.sha256, event.sizeBytes);
  }

  /** What is known of a blob that is here; undefined while it is not, and it is made then if it can be. */
  async ofBlob(sha256: string): Promise<Buffer | undefined> {
    const entry = await this.#entry(sha256, []);
    return entry && formatPieceManifest({ files: [entry] });
  }

  /** Of all files of a revision that are here, as far as it is known. */
  async ofRevision({ pinned, files }: Snapshot): Promise<Buffer | undefined> {
    const { ref, commit } = pinned;
    if (ref.origin === 'https') return undefined;
    const paths = new Map<string, string[]>();
    for (const { path, digests, sizeBytes } of files) {
      const sha256 = digests.sha256 ?? (await this.#store.lookup(digests, sizeBytes));
      if (sha256 !== undefined) paths.set(sha256, [...(paths.get(sha256) ?? []), path]);
    }
    const entries: ManifestEntry[] = [];
    for (const [sha256, at] of paths) {
      const entry = await this.#entry(sha256, at);
      if (entry !== undefined) entries.push(entry);
    }
    if (entries.length === 0) return undefined;
    return formatPieceManifest({ of: { repository: `${ref.origin}:${repositoryPath(ref)}`, commit }, files: entries });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#waiting.clear();
    await this.#followers?.close();
    await this.#working;
  }

  async #entry(sha256: string, paths: readonly string[]): Promise<ManifestEntry | undefined> {
    if ((await this.#store.blobState(sha256)) !== 'proven') return undefined;
    const proof = await this.#store.blobProof(sha256);
    if (proof === undefined || proof.sizeBytes === 0) return undefined;
    const { sizeBytes } = proof;
    const pieceBytes = manifestPieceBytes(sizeBytes);
    if (sizeBytes <= pieceBytes) return { paths, sizeBytes, sha256, pieces: { pieceBytes, sha256: [sha256] } };
    const pieces = proven(proof.pieces) ?? (await this.#kept(sha256, sizeBytes));
    if (pieces !== undefined) return { paths, sizeBytes, sha256, pieces };
    this.#want(sha256, sizeBytes);
    return undefined;
  }

  async #kept(sha256: string, sizeBytes: number): Promise<PieceHashes | undefined> {
    const bytes = await this.#files.read(sha256);
    try {
      const [entry] = bytes === undefined ? [] : parsePieceManifest(bytes, sha256).files;
      return entry?.sha256 === sha256 && entry.sizeBytes === sizeBytes ? entry.pieces : undefined;
    } catch {
      // Broken: it is made anew.
      return undefined;
    }
  }

  #want(sha256: string, sizeBytes: number): void {
    if (this.#isClosed || this.#waiting.size >= MOST_WAITING) return;
    this.#waiting.set(sha256, sizeBytes);
    this.#working ??= this.#work().finally(() => (this.#working = undefined));
  }

  async #work(): Promise<void> {
    // What came just now gets its name first.
    await new Promise((resolve) => setImmediate(resolve));
    for (const [sha256, sizeBytes] of this.#waiting) {
      try {
        await this.#make(sha256, sizeBytes);
      } catch (thrown) {
        const { code, message } = toSluiceError(thrown);
        if (!this.#isClosed) this.#emit({ type: 'notice', code, message: `the pieces of ${sha256}: ${message}` });
      }
      this.#waiting.delete(sha256);
      if (this.#isClosed) return;
    }
  }

  async #make(sha256: string, sizeBytes: number): Promise<void> {
    if ((await this.#store.blobState(sha256)) !== 'proven' || (await this.#kept(sha256, sizeBytes)) !== undefined)
      return;
    const known = (await this.#store.blobProof(sha256))?.pieces;
    if (proven(known) !== undefined || sizeBytes <= manifestPieceBytes(sizeBytes)) return;
    const pieceBytes = isPieceBytes(known?.pieceBytes) ? known.pieceBytes : manifestPieceBytes(sizeBytes);
    const path = this.#store.blobPath(sha256);
    const followers = (this.#followers ??= createFollowers({ threads: 1 }));
    const ranges = Array.from({ length: Math.ceil(sizeBytes / pieceBytes) }, (_, index) => ({
      startByte: index * pieceBytes,
      endByte: Math.min(sizeBytes, (index + 1) * pieceBytes),
    }));
    const digests = (await followers.hashRanges(path, ranges)).filter((digest) => digest !== undefined);
    if (digests.length !== ranges.length) return;
    // After its pieces: what a disk changed until then shows, and is nothing to sign. Whoever sends it finds that out as well (docs/decisions/0016-rot.md).
    const whole = followers.follow({ path, sizeBytes, digests: { sha256 } });
    whole.advance(sizeBytes);
    if ((await whole.verdict()).mismatch !== undefined) return;
    const entry: ManifestEntry = { paths: [], sizeBytes, sha256, pieces: { pieceBytes, sha256: digests } };
    await this.#files.write(sha256, formatPieceManifest({ files: [entry] }));
  }
}

/** SHA-256 of pieces that a stamp has; a CRC proves nothing to anybody else. */
function proven(
  pieces: { readonly pieceBytes: number; readonly digests: readonly string[] } | undefined,
): PieceHashes | undefined {
  if (pieces === undefined || !isPieceBytes(pieces.pieceBytes)) return undefined;
  const isStrong = pieces.digests.every((digest) => pieceAlgorithmOf(digest) === 'sha256');
  return isStrong ? { pieceBytes: pieces.pieceBytes, sha256: pieces.digests } : undefined;
}

function isPieceBytes(value: number | undefined): value is number {
  return (
    value !== undefined && value >= LEAST_PIECE_BYTES && value <= MOST_PIECE_BYTES && Number.isInteger(Math.log2(value))
  );
}
