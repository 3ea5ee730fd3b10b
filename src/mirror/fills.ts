import { dirname, join } from 'node:path';
import { SluiceError, toSluiceError, type SluiceEvent } from '../base/index.js';
import type { Content, ManifestFile, Span } from '../hubs/index.js';
import type { Store } from '../store/index.js';
import type { TransferResult, TransferTask } from '../transfer/index.js';
import { Fill } from './fill.js';
import { heldContent } from './held-content.js';

export interface FillsOptions {
  readonly store: Store;
  readonly emit: (event: SluiceEvent) => void;
  /** Brings one file into the store; told what happens to it meanwhile. */
  readonly bring: (task: TransferTask, emit: (event: SluiceEvent) => void) => Promise<TransferResult>;
}

/** Who has a file, and who may turn out to have it. */
export type Offer = Pick<TransferTask, 'sources' | 'joining'>;

interface Filling {
  readonly fill: Fill;
  readonly sha256: Promise<string>;
}

interface Wanted {
  readonly file: ManifestFile;
  readonly sizeBytes: number;
  readonly offer: () => Offer;
  readonly used: (sha256: string) => void;
}

/** Every file that is on its way in, once each, whoever asked first and whoever else waits. */
export class Fills {
  readonly #options: FillsOptions;
  readonly #filling = new Map<string, Filling>();
  /** When bytes last turned out wrong that somebody may have read. */
  readonly #wrong = new Map<string, number>();

  constructor(options: FillsOptions) {
    this.#options = options;
  }

  /** A file that is not here. It is asked for, from those of `offer`, when somebody reads of it and nobody brings it yet; `used` is told of its SHA-256 when it is here. */
  content(file: ManifestFile, sizeBytes: number, offer: () => Offer, used: (sha256: string) => void): Content {
    const { store } = this.#options;
    const key = dirname(store.journalPath({ digests: file.digests, sizeBytes }));
    const wrong = this.#wrong;
    return {
      sizeBytes,
      status: this.#filling.has(key) ? 'FILLING' : 'MISS',
      get wrongAtMs() {
        return wrong.get(key);
      },
      read: (span, signal) => this.#read(key, { file, sizeBytes, offer, used }, span, signal),
    };
  }

  async *#read(key: string, wanted: Wanted, span: Span, signal: AbortSignal): AsyncGenerator<Buffer> {
    const { file, sizeBytes, offer, used } = wanted;
    const { store } = this.#options;
    // It may have come to be since it was looked for.
    const held = this.#filling.has(key) ? undefined : await heldContent(store, file.digests, sizeBytes, used);
    if (held !== undefined) {
      yield* held.read(span, signal);
      return;
    }
    const { fill, sha256 } = this.#filling.get(key) ?? this.#begin(key, file, sizeBytes, offer());
    const provenPath = sha256.then((hex) => store.blobPath(hex));
    sha256.then(used, () => undefined);
    provenPath.catch(() => undefined);
    yield* fill.read(span, provenPath, signal);
  }

  /** `Content.wrongAtMs` of a file that may be here by now. */
  wrongAtMs({ digests }: ManifestFile, sizeBytes: number): number | undefined {
    return this.#wrong.get(dirname(this.#options.store.journalPath({ digests, sizeBytes })));
  }

  #begin(key: string, file: ManifestFile, sizeBytes: number, offer: Offer): Filling {
    const task: TransferTask = { path: file.path, sizeBytes, digests: file.digests, ...offer };
    const fill = new Fill(sizeBytes, join(key, 'data'));
    const pieces = new Map<number, Span>();
    const tap = (event: SluiceEvent): void => {
      if (event.type === 'piece.landed') {
        pieces.set(event.index, event);
        fill.landed(event.startByte, event.endByte);
      }
      if (event.type === 'piece.wrong') {
        const piece = pieces.get(event.index);
        if (piece !== undefined) this.#wrong.set(key, Date.now());
        const error = new SluiceError('BAD_RESPONSE', { host: event.source, reason: event.message });
        if (piece !== undefined) fill.revoked(piece.startByte, piece.endByte, error);
      }
      this.#options.emit(event);
    };
    const sha256 = this.#options.bring(task, tap).then((result) => {
      if (result.error !== undefined) throw result.error;
      if (result.sha256 === undefined) throw new SluiceError('INTERNAL', { reason: 'a file without a digest' });
      return result.sha256;
    });
    sha256.then(
      () => fill.proven(),
      (thrown: unknown) => {
        const error = toSluiceError(thrown);
        if (error.code === 'DIGEST_MISMATCH') this.#wrong.set(key, Date.now());
        fill.failed(error);
      },
    );
    const filling = { fill, sha256 };
    this.#filling.set(key, filling);
    void sha256.catch(() => undefined).finally(() => this.#filling.delete(key));
    return filling;
  }
}
