import type { Caller, ManifestFile, Snapshot } from '../hubs/index.js';
import { toSluiceError, type Digests } from '../base/index.js';

/** More contents are not remembered to have been shown; of one that was forgotten nothing is told until it is asked for again. */
const MOST_SHOWN = 4096;
/** So many files of a revision are asked about at once: each that was not judged yet is read for it. */
const AT_ONCE = 8;

export interface ShownPiecesOptions {
  readonly pieces: {
    readonly ofBlob: (sha256: string) => Promise<Buffer | undefined>;
    readonly ofRevision: (shown: Snapshot) => Promise<Buffer | undefined>;
  };
  /** Whether a policy decides what goes out. */
  readonly hasPolicy: () => boolean;
  /** Asked where there is none: whether a content was refused in this store. */
  readonly isRefused: (digests: Digests) => Promise<boolean>;
  /** The SHA-256 of a content that is here. */
  readonly heldAs: (file: ManifestFile) => Promise<string | undefined>;
  /** Ends well where the file itself would be given to this caller. @throws SluiceError as for the file */
  readonly give: (shown: Snapshot, file: ManifestFile, caller: Caller) => Promise<unknown>;
}

/**
 * What pieces are told of: those of contents that whoever asks would be given. A digest alone names no file that a policy could be asked about:
 * it is the one that the content was last shown as, and nothing is told of what was never shown.
 */
export class ShownPieces {
  readonly #options: ShownPiecesOptions;
  /** By SHA-256, longest ago first. */
  readonly #shown = new Map<string, { readonly shown: Snapshot; readonly file: ManifestFile }>();

  constructor(options: ShownPiecesOptions) {
    this.#options = options;
  }

  /** A content was given as this file. */
  given(sha256: string | undefined, shown: Snapshot, file: ManifestFile): void {
    if (sha256 === undefined || !this.#options.hasPolicy()) return;
    this.#shown.delete(sha256);
    this.#shown.set(sha256, { shown, file });
    for (const oldest of this.#shown.keys()) {
      if (this.#shown.size <= MOST_SHOWN) break;
      this.#shown.delete(oldest);
    }
  }

  async ofBlob(sha256: string, caller: Caller): Promise<Buffer | undefined> {
    const { pieces, hasPolicy, isRefused } = this.#options;
    if (!hasPolicy()) return (await isRefused({ sha256 })) ? undefined : pieces.ofBlob(sha256);
    const as = this.#shown.get(sha256);
    if (as === undefined || !(await this.#isGiven(as.shown, as.file, caller))) return undefined;
    return pieces.ofBlob(sha256);
  }

  async ofRevision(shown: Snapshot, caller: Caller): Promise<Buffer | undefined> {
    const { pieces, hasPolicy, isRefused, heldAs } = this.#options;
    const told: boolean[] = [];
    const entries = shown.files.entries();
    const ask = async (): Promise<void> => {
      for (const [index, file] of entries) {
        told[index] = hasPolicy()
          ? (await heldAs(file)) !== undefined && (await this.#isGiven(shown, file, caller))
          : !(await isRefused(file.digests));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, ask));
    return pieces.ofRevision({ ...shown, files: shown.files.filter((_, index) => told[index] === true) });
  }

  /** What is refused, or not decided yet, is as if it were not here: nobody misses a word about pieces. */
  async #isGiven(shown: Snapshot, file: ManifestFile, caller: Caller): Promise<boolean> {
    try {
      await this.#options.give(shown, file, caller);
      return true;
    } catch (thrown) {
      const error = toSluiceError(thrown);
      if (error.code === 'INTERNAL') throw error;
      return false;
    }
  }
}
