import type { BigIntStats } from 'node:fs';
import { SluiceError } from '../base/index.js';
import type { Guard, Span } from '../hubs/index.js';
import type { KnownPiece } from '../proof/index.js';
import type { BlobProof, Store } from '../store/index.js';

/** A piece that was compared with its digest is sent without that for so long: reading what is in the page cache is much of the cost of sending it. */
const CHECKED_FOR_MS = 3_600_000;
/** Blobs up to here are compared as a whole, by their name, where nothing is known of their pieces. */
const MOST_BYTES_WHOLE = 8 * 1024 * 1024;
/** Remembered of all blobs together, 4 bytes each; blobs least recently asked for are forgotten, and compared once more. */
const MOST_PIECES = 2 ** 21;

interface Checked {
  /** Which state of which file; another one has been compared never. */
  readonly file: string;
  readonly pieceBytes: number;
  /** Of each piece: seconds after `#beganMs` when it was right, plus one; 0 for never. */
  readonly atSeconds: Uint32Array;
}

export interface PieceGuardsOptions {
  readonly store: Store;
  /** Told of a blob whose bytes changed although its file looks as it did, and of the first byte of the piece that is wrong. */
  readonly rotten?: (sha256: string, atByte: number) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  readonly mostPieces?: number;
}

/** What of the blobs was compared with its digests lately, so that what a disk changed under a blob's stamp is found before it is sent. */
export class PieceGuards {
  readonly #store: Store;
  readonly #rotten: (sha256: string, atByte: number) => void;
  readonly #now: () => number;
  readonly #mostPieces: number;
  readonly #beganMs: number;
  /** Least recently used first. */
  readonly #checked = new Map<string, Checked>();
  readonly #proving = new Map<string, Promise<BlobProof | undefined>>();
  #pieces = 0;

  constructor({ store, rotten, now = () => performance.now(), mostPieces = MOST_PIECES }: PieceGuardsOptions) {
    this.#store = store;
    this.#rotten = rotten ?? (() => undefined);
    this.#now = now;
    this.#mostPieces = mostPieces;
    this.#beganMs = now();
  }

  /** For the blob's file as it is in `stat`. */
  guard(sha256: string, stat: BigIntStats): Guard {
    const file = `${stat.ino} ${stat.mtimeNs}`;
    const sizeBytes = Number(stat.size);
    return {
      due: (span) => this.#due(sha256, file, sizeBytes, span),
      judged: (piece, isRight) => (isRight ? this.#right(sha256, file, piece) : this.#wrong(sha256, piece)),
    };
  }

  async #due(sha256: string, file: string, sizeBytes: number, span: Span): Promise<readonly KnownPiece[]> {
    const kept = this.#recall(sha256, file);
    if (kept !== undefined && this.#lacking(kept, span).length === 0) return [];
    const known = await this.#store.blobProof(sha256);
    const pieces = piecesOf(known, sizeBytes) ?? piecesOf(await this.#prove(sha256), sizeBytes);
    if (pieces === undefined) throw new SluiceError('CORRUPT_STORE', { count: 1, total: 1 });
    const { pieceBytes, digests } = pieces;
    const fits = kept?.pieceBytes === pieceBytes ? kept : undefined;
    const checked = fits ?? this.#keep(sha256, { file, pieceBytes, atSeconds: new Uint32Array(digests.length) });
    return this.#lacking(checked, span).map((index) => ({
      startByte: index * pieceBytes,
      endByte: Math.min(sizeBytes, (index + 1) * pieceBytes),
      digest: digests[index] ?? '',
    }));
  }

  /** Pieces of a span that were not compared lately. */
  #lacking({ pieceBytes, atSeconds }: Checked, { startByte, endByte }: Span): readonly number[] {
    const since = this.#seconds() - CHECKED_FOR_MS / 1000;
    const lacking: number[] = [];
    for (let index = Math.floor(startByte / pieceBytes); index * pieceBytes < endByte; index += 1) {
      const at = atSeconds[index] ?? 0;
      if (at === 0 || at <= since) lacking.push(index);
    }
    return lacking;
  }

  /** Hashes a blob of whose pieces nothing is known, which leaves their digests; once for all who wait. Undefined where it is wrong. */
  #prove(sha256: string): Promise<BlobProof | undefined> {
    const proving =
      this.#proving.get(sha256) ??
      this.#store
        .proveBlob(sha256)
        .then((state) => {
          if (state === 'wrong') this.#rotten(sha256, 0);
          return state === 'proven' ? this.#store.blobProof(sha256) : undefined;
        })
        .finally(() => this.#proving.delete(sha256));
    this.#proving.set(sha256, proving);
    return proving;
  }

  #right(sha256: string, file: string, { startByte, endByte }: KnownPiece): void {
    const checked = this.#recall(sha256, file);
    if (checked === undefined) return;
    const { pieceBytes, atSeconds } = checked;
    const index = startByte / pieceBytes;
    // Pieces may have been made anew meanwhile, and be others.
    const isWhole = endByte - startByte === pieceBytes || index === atSeconds.length - 1;
    if (isWhole && Number.isInteger(index)) atSeconds[index] = this.#seconds();
  }

  #wrong(sha256: string, { startByte }: KnownPiece): Promise<void> {
    this.#forget(sha256);
    this.#rotten(sha256, startByte);
    return this.#store.distrustBlob(sha256);
  }

  #seconds(): number {
    return Math.floor((this.#now() - this.#beganMs) / 1000) + 1;
  }

  #recall(sha256: string, file: string): Checked | undefined {
    const checked = this.#checked.get(sha256);
    if (checked === undefined) return undefined;
    if (checked.file !== file) {
      this.#forget(sha256);
      return undefined;
    }
    this.#checked.delete(sha256);
    this.#checked.set(sha256, checked);
    return checked;
  }

  #keep(sha256: string, checked: Checked): Checked {
    this.#forget(sha256);
    this.#checked.set(sha256, checked);
    this.#pieces += checked.atSeconds.length;
    for (const oldest of this.#checked.keys()) {
      if (this.#pieces <= this.#mostPieces || oldest === sha256) break;
      this.#forget(oldest);
    }
    return checked;
  }

  #forget(sha256: string): void {
    this.#pieces -= this.#checked.get(sha256)?.atSeconds.length ?? 0;
    this.#checked.delete(sha256);
  }
}

function piecesOf(proof: BlobProof | undefined, sizeBytes: number): BlobProof['pieces'] {
  if (proof?.sizeBytes !== sizeBytes) return undefined;
  if (proof.pieces !== undefined) return proof.pieces;
  return sizeBytes <= MOST_BYTES_WHOLE ? { pieceBytes: Math.max(1, sizeBytes), digests: [proof.sha256] } : undefined;
}
