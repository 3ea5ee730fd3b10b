import { dirname, join } from 'node:path';
import { SluiceError, toSluiceError, type SluiceEvent } from '../base/index.js';
import type { Content, ManifestFile, Source } from '../hubs/index.js';
import type { Store } from '../store/index.js';
import type { TransferResult, TransferTask } from '../transfer/index.js';
import { Fill } from './fill.js';

export interface FillsOptions {
  readonly store: Store;
  readonly emit: (event: SluiceEvent) => void;
  /** Brings one file into the store; told what happens to it meanwhile. */
  readonly bring: (task: TransferTask, emit: (event: SluiceEvent) => void) => Promise<TransferResult>;
}

interface Filling {
  readonly fill: Fill;
  readonly sha256: Promise<string>;
}

/** Every file that is on its way in, once each, whoever asked first and whoever else waits. */
export class Fills {
  readonly #options: FillsOptions;
  readonly #filling = new Map<string, Filling>();

  constructor(options: FillsOptions) {
    this.#options = options;
  }

  /** A file that is not here. It is asked for, from `sources`, when somebody reads of it and nobody brings it yet; `used` is told of its SHA-256 when it is here. */
  content(
    file: ManifestFile,
    sizeBytes: number,
    sources: () => readonly Source[],
    used: (sha256: string) => void,
  ): Content {
    const { store } = this.#options;
    const key = dirname(store.journalPath({ digests: file.digests, sizeBytes }));
    return {
      sizeBytes,
      status: this.#filling.has(key) ? 'FILLING' : 'MISS',
      read: (span, signal) => {
        const { fill, sha256 } = this.#filling.get(key) ?? this.#begin(key, file, sizeBytes, sources());
        const provenPath = sha256.then((hex) => store.blobPath(hex));
        sha256.then(used, () => undefined);
        provenPath.catch(() => undefined);
        return fill.read(span, provenPath, signal);
      },
    };
  }

  #begin(key: string, file: ManifestFile, sizeBytes: number, sources: readonly Source[]): Filling {
    const task: TransferTask = { path: file.path, sizeBytes, digests: file.digests, sources };
    const fill = new Fill(sizeBytes, join(key, 'data'));
    const tap = (event: SluiceEvent): void => {
      if (event.type === 'piece.landed') fill.landed(event.startByte, event.endByte);
      this.#options.emit(event);
    };
    const sha256 = this.#options.bring(task, tap).then((result) => {
      if (result.error !== undefined) throw result.error;
      if (result.sha256 === undefined) throw new SluiceError('INTERNAL', { reason: 'a file without a digest' });
      return result.sha256;
    });
    sha256.then(
      () => fill.proven(),
      (thrown: unknown) => fill.failed(toSluiceError(thrown)),
    );
    const filling = { fill, sha256 };
    this.#filling.set(key, filling);
    void sha256.catch(() => undefined).finally(() => this.#filling.delete(key));
    return filling;
  }
}
