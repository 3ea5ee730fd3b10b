import { dirname, join } from 'node:path';
import { SluiceError, toSluiceError, type SluiceEvent } from '../base/index.js';
import type { CacheStatus, Content, ManifestFile, Span } from '../hubs/index.js';
import type { Store } from '../store/index.js';
import { resumableBytes, type TransferResult, type TransferTask } from '../transfer/index.js';
import { Fill } from './fill.js';
import { heldContent } from './held-content.js';
import type { PieceGuards } from './piece-guards.js';

export interface FillsOptions {
  readonly store: Store;
  readonly guards: PieceGuards;
  readonly emit: (event: SluiceEvent) => void;
  /** Brings one file into the store as far as its demand says; told what happens to it meanwhile. The signal ends that, and what arrived is kept. */
  readonly bring: (
    task: TransferTask,
    emit: (event: SluiceEvent) => void,
    signal: AbortSignal,
  ) => Promise<TransferResult>;
  /** Makes room for so many bytes more; false when there is none. */
  readonly makeRoom: (bytes: number) => Promise<boolean>;
  /** A file that nobody reads, and that need not be fetched whole, is kept open for so long. */
  readonly idleMs?: number;
}

/** Who has a file, and who may turn out to have it. */
export type Offer = Pick<TransferTask, 'sources' | 'joining'>;

interface Filling {
  readonly run: number;
  readonly fill: Fill;
  readonly sha256: Promise<string>;
}

interface Wanted {
  readonly file: ManifestFile;
  readonly sizeBytes: number;
  readonly offer: () => Offer;
  readonly used: (sha256: string) => void;
  /** What whoever reads keeps to, once that was said. */
  readonly seen: () => Seen | undefined;
}

type Seen = Pick<Content, 'run' | 'wrongAtMs'>;

const OTHER_BYTES = 'what had come of it was wrong, and is others than those that were looked at';
const IDLE_MS = 3000;
const MOST_BROUGHT = 1000;
/** Digests of which one says what a file is, wherever it comes from. */
const NAMING = ['sha256', 'gitSha1', 'sha512', 'sha1'] as const;

/** Every file that is on its way in, once each, whoever asked first and whoever else waits. */
export class Fills {
  readonly #options: FillsOptions;
  readonly #filling = new Map<string, Filling>();
  #runs = 0;
  /** SHA-256 of what transfers brought lately. */
  readonly #brought = new Map<number, string>();
  /** Files that are let go of: whoever wants them again waits for that. */
  readonly #closing = new Map<string, Promise<unknown>>();
  /** When bytes last turned out wrong that somebody may have read. */
  readonly #wrong = new Map<string, number>();

  constructor(options: FillsOptions) {
    this.#options = options;
  }

  /** A file that is not here. It is asked for, from those of `offer`, when somebody reads of it and nobody brings it yet; `used` is told of its SHA-256 when it is here. */
  content(file: ManifestFile, sizeBytes: number, offer: () => Offer, used: (sha256: string) => void): Content {
    const key = this.#keyOf(file, sizeBytes, offer);
    const wrong = this.#wrong;
    const filling = this.#filling;
    let seen: Seen | undefined;
    return {
      sizeBytes,
      status: statusOf(this.#filling.get(key)?.fill),
      statusOf: (span) => this.#statusOf(key, span),
      get wrongAtMs() {
        return wrong.get(key);
      },
      get run() {
        return filling.get(key)?.run;
      },
      keepTo: (told) => (seen = told),
      read: (span, signal) => this.#read(key, { file, sizeBytes, offer, used, seen: () => seen }, span, signal),
    };
  }

  #statusOf(key: string, span: Span): CacheStatus {
    const fill = this.#filling.get(key)?.fill;
    if (fill === undefined || fill.isVerified) return statusOf(fill);
    if (fill.has(span)) return 'PARTIAL';
    return fill.isFetching(span) ? 'FILLING' : 'MISS';
  }

  async *#read(key: string, wanted: Wanted, span: Span, signal: AbortSignal): AsyncGenerator<Buffer> {
    const { file, sizeBytes, offer, used, seen } = wanted;
    const { store, guards } = this.#options;
    const assertSeen = (run: number | undefined): void => {
      const told = seen();
      const isSame = told === undefined || (told.wrongAtMs === this.#wrong.get(key) && told.run === run);
      if (!isSame) throw new SluiceError('BAD_RESPONSE', { host: 'its source', reason: OTHER_BYTES });
    };
    // It may have come to be since it was looked for.
    const digests = { ...file.digests, ...this.#broughtBy(seen()?.run) };
    const held = this.#filling.has(key) ? undefined : await heldContent(store, guards, digests, sizeBytes, used);
    if (held !== undefined) {
      // What is proven is what came, unless some of that was wrong.
      assertSeen(seen()?.run);
      yield* held.read(span, signal);
      return;
    }
    const { fill, sha256, run } = this.#filling.get(key) ?? this.#begin(key, file, sizeBytes, offer());
    const provenPath = sha256.then((hex) => store.blobPath(hex));
    sha256.then(used, () => undefined);
    provenPath.catch(() => undefined);
    for await (const chunk of fill.read(span, provenPath, signal)) {
      assertSeen(run);
      yield chunk;
    }
  }

  /** What was looked at may have come whole since, and be known by no digest but what it was proven to have. */
  #broughtBy(run: number | undefined): { readonly sha256: string } | undefined {
    const sha256 = run === undefined ? undefined : this.#brought.get(run);
    return sha256 === undefined ? undefined : { sha256 };
  }

  /** Whether anything of a file that a digest names is here or on its way, whoever asked for it. */
  async hasAny(file: ManifestFile, sizeBytes: number): Promise<boolean> {
    const { store } = this.#options;
    const key = this.#keyOf(file, sizeBytes, () => ({ sources: [] }));
    if (this.#filling.has(key) || this.#closing.has(key)) return true;
    if ((await store.lookup(file.digests, sizeBytes)) !== undefined) return true;
    return (await resumableBytes(store, { digests: file.digests, sizeBytes })) > 0;
  }

  /** `Content.wrongAtMs` of a file that a digest names and that may be here by now. */
  wrongAtMs(file: ManifestFile, sizeBytes: number): number | undefined {
    // Asked for every answer, and there is hardly ever one; naming the file costs more than all else here.
    if (this.#wrong.size === 0) return undefined;
    return this.#wrong.get(this.#keyOf(file, sizeBytes, () => ({ sources: [] })));
  }

  /** The folder of its partial. What no digest names is what its address has in this version. */
  #keyOf({ digests, validators }: ManifestFile, sizeBytes: number, offer: () => Offer): string {
    const isNamed = NAMING.some((algorithm) => digests[algorithm] !== undefined);
    const url = isNamed ? undefined : offer().sources[0]?.url;
    const place = url === undefined ? {} : { url };
    const version = validators === undefined ? {} : { validators };
    return dirname(this.#options.store.journalPath({ digests, sizeBytes, ...place, ...version }));
  }

  #begin(key: string, file: ManifestFile, sizeBytes: number, offer: Offer): Filling {
    const { makeRoom, idleMs = IDLE_MS } = this.#options;
    const stop = new AbortController();
    let idle: NodeJS.Timeout | undefined;
    let isStarted = false;
    const rest = (): void => {
      if (!fill.isIdle || this.#filling.get(key) !== filling) return;
      this.#filling.delete(key);
      const closed = sha256
        .catch(() => undefined)
        .finally(() => {
          if (this.#closing.get(key) === closed) this.#closing.delete(key);
          if (isStarted) this.#options.emit({ type: 'file.rested', file: file.path, heldBytes: fill.heldBytes });
        });
      this.#closing.set(key, closed);
      stop.abort();
    };
    const onIdle = (): void => {
      clearTimeout(idle);
      idle = setTimeout(rest, idleMs);
    };
    const onDoubt = (): void => void this.#wrong.set(key, Date.now());
    const fill: Fill = new Fill({ sizeBytes, dataPath: join(key, 'data'), makeRoom, onIdle, onDoubt });
    const { path, digests, validators } = file;
    const version = validators === undefined ? {} : { validators };
    const task: TransferTask = { path, sizeBytes, digests, ...version, ...offer, demand: fill };
    const tap = (event: SluiceEvent): void => {
      if (event.type === 'piece.landed') fill.pieceLanded(event.index, event);
      if (event.type === 'piece.wrong') {
        const error = new SluiceError('BAD_RESPONSE', { host: event.source, reason: event.message });
        if (fill.revoked(event.index, error)) this.#wrong.set(key, Date.now());
      }
      if (event.type === 'file.started') isStarted = true;
      this.#options.emit(event);
    };
    const sha256 = this.#bring(key, task, tap, stop.signal);
    const filling: Filling = { fill, sha256, run: (this.#runs += 1) };
    sha256.then(
      (hex) => {
        this.#brought.set(filling.run, hex);
        this.#brought.delete(filling.run - MOST_BROUGHT);
        fill.proven();
      },
      (thrown: unknown) => {
        const error = toSluiceError(thrown);
        if (error.code === 'DIGEST_MISMATCH') this.#wrong.set(key, Date.now());
        fill.failed(error);
      },
    );
    this.#filling.set(key, filling);
    void sha256
      .catch(() => undefined)
      .finally(() => {
        clearTimeout(idle);
        if (this.#filling.get(key) === filling) this.#filling.delete(key);
      });
    return filling;
  }

  async #bring(
    key: string,
    task: TransferTask,
    tap: (event: SluiceEvent) => void,
    signal: AbortSignal,
  ): Promise<string> {
    await this.#closing.get(key);
    const result = await this.#options.bring(task, tap, signal);
    if (result.error !== undefined) throw result.error;
    if (result.sha256 === undefined) throw new SluiceError('INTERNAL', { reason: 'a file without a digest' });
    return result.sha256;
  }
}

function statusOf(fill: Fill | undefined): CacheStatus {
  if (fill === undefined) return 'MISS';
  return fill.isVerified ? 'HIT' : 'FILLING';
}
