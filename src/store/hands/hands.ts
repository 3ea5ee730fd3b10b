import { availableParallelism } from 'node:os';
import { SluiceError, type Digests } from '../../base/index.js';
import type { Verdict } from '../../proof/index.js';
import { glance } from '../blobs/glance.js';
import { layoutOf } from '../layout.js';
import type { Store } from '../port.js';
import type { LandOptions, ViewKind, ViewRequest } from '../views/port.js';
import { laneInPlace, laneInThread, type Lane } from './lane.js';
import type { Looked, Wanted } from '../blobs/look.js';
import { revivedError, type Answer, type Job, type Landed } from './messages.js';
import { gone } from './serve-jobs.js';

/** What becomes of bytes that were handed over. */
export interface Putting {
  /** What they are, against what was promised. @throws SluiceError INTERRUPTED */
  readonly verdict: Promise<Verdict>;
  /** Settles when a blob has them, which `sync` makes durable; or at once after a verdict with a mismatch. @throws SluiceError */
  readonly stored: Promise<void>;
}

/**
 * Threads for what many small files cost beside their bytes: proving, writing, naming, looking and linking are a dozen short file
 * calls each, which a thread of its own makes in place. A few files are dealt with in the caller's thread.
 */
export interface Hands {
  /** Proves bytes and makes them a blob. They must stay as they are until `stored` settles; memory that threads share is not copied. */
  put(bytes: Uint8Array, promised: Digests): Putting;
  /**
   * Makes the names of all that was stored durable: a power cut before loses names, never bytes under them. Many files
   * share a folder, so this is done once for all of them. @throws SluiceError
   */
  sync(): Promise<void>;
  /** What is here of each; nothing is hashed. @throws SluiceError */
  look(wanted: readonly Wanted[]): Promise<readonly Looked[]>;
  /** Starts a thread ahead of need. */
  warm(): void;
  /** As `landView`, by itself. @throws SluiceError */
  land(kind: ViewKind, root: string, request: ViewRequest, options?: HandsLandOptions): Promise<Landed>;
  /** Lets what is under way come to its end, unless that takes too long. What still waits fails as INTERRUPTED. */
  close(): Promise<void>;
}

export type HandsLandOptions = Omit<LandOptions, 'signal'> & { readonly signal?: AbortSignal };

/** From so many files at once, or small files in a row, threads are worth their start. */
const MANY_FILES = 64;
const MANY_PUTS = 16;
/** More would compete with what brings the bytes. */
const MOST_THREADS = 2;
/** How long a close waits for what is under way. */
const CLOSE_MS = 500;

interface Waiting {
  readonly lane: Lane;
  readonly answered: (answer: Answer) => void;
}

/** Threads start when first needed; none do where the program runs from its TypeScript sources (tests). */
export function openHands(store: Store): Hands {
  return new HandsOf(store);
}

class HandsOf implements Hands {
  readonly #layout;
  readonly #own: Lane;
  #threads: Lane[] = [];
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #puts = 0;
  #isClosed = false;
  #idle: (() => void) | undefined;

  constructor(store: Store) {
    this.#layout = layoutOf(store.root);
    this.#own = laneInPlace(this.#layout, store, this.#answered);
  }

  put(bytes: Uint8Array, promised: Digests): Putting {
    this.#puts += 1;
    if (this.#puts > MANY_PUTS) this.#startThreads();
    let sayVerdict!: (verdict: Verdict) => void;
    let noVerdict!: (error: SluiceError) => void;
    const verdict = new Promise<Verdict>((resolve, reject) => {
      sayVerdict = resolve;
      noVerdict = reject;
    });
    const stored = new Promise<void>((resolve, reject) => {
      this.#give(
        (id) => ({ type: 'put', id, bytes, promised }),
        (answer) => {
          if (answer.type === 'verdict') sayVerdict(answer.verdict);
          if (answer.type === 'verdict' && answer.verdict.mismatch === undefined) return;
          this.#forget(answer.id);
          if (answer.type !== 'failed') resolve();
          else {
            const error = revivedError(answer.error);
            noVerdict(error);
            reject(error);
          }
        },
      );
    });
    // Whoever waits for one of them may have thrown before it comes to the other.
    verdict.catch(() => undefined);
    stored.catch(() => undefined);
    return { verdict, stored };
  }

  async look(wanted: readonly Wanted[]): Promise<readonly Looked[]> {
    if (this.#isClosed) throw new SluiceError('INTERRUPTED');
    const isAbsent = glance(this.#layout, wanted);
    const looked = (await this.#lookClosely(wanted.filter((_, index) => isAbsent[index] !== true))).values();
    return isAbsent.map((absent): Looked =>
      absent ? { state: 'absent' } : (looked.next().value ?? { state: 'absent' }),
    );
  }

  warm(): void {
    this.#startThreads(1);
  }

  async #lookClosely(wanted: readonly Wanted[]): Promise<readonly Looked[]> {
    if (wanted.length >= MANY_FILES) this.#startThreads();
    const shares = Math.max(1, Math.min(this.#threads.length, Math.ceil(wanted.length / MANY_FILES)));
    const size = Math.ceil(wanted.length / shares);
    const parts = Array.from({ length: shares }, (_, share) => wanted.slice(share * size, (share + 1) * size));
    const looked = await Promise.all(
      parts.map((part) =>
        this.#ask(
          (id) => ({ type: 'look', id, wanted: part }),
          (answer) => answer.type === 'looked' && answer.looked,
        ),
      ),
    );
    return looked.flat();
  }

  async sync(): Promise<void> {
    const lanes = [this.#own, ...this.#threads];
    await Promise.all(
      lanes.map((lane) =>
        this.#ask(
          (id) => ({ type: 'sync', id }),
          (answer) => answer.type === 'synced',
          lane,
        ),
      ),
    );
  }

  async land(kind: ViewKind, root: string, request: ViewRequest, options: HandsLandOptions = {}): Promise<Landed> {
    if (request.files.length >= MANY_FILES) this.#startThreads(1);
    const { signal, ...rest } = options;
    const stop = new SharedArrayBuffer(4);
    const onAbort = (): void => void Atomics.store(new Int32Array(stop), 0, 1);
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await this.#ask(
        (id) => ({ type: 'land', id, kind, root, request, options: rest, stop }),
        (answer) => answer.type === 'landed' && answer.landed,
      );
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#waiting.size > 0) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
        timer = setTimeout(resolve, CLOSE_MS);
      });
      clearTimeout(timer);
    }
    await Promise.all(this.#threads.splice(0).map((lane) => lane.close()));
    const error = { code: 'INTERRUPTED', details: {} } as const;
    for (const [id, { answered }] of this.#waiting) answered({ type: 'failed', id, error });
  }

  #ask<T>(make: (id: number) => Job, read: (answer: Answer) => T | false, lane = this.#idlest()): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#give(
        make,
        (answer) => {
          this.#forget(answer.id);
          const said = read(answer);
          if (said !== false) resolve(said);
          else if (answer.type === 'failed') reject(revivedError(answer.error));
        },
        lane,
      );
    });
  }

  #give(make: (id: number) => Job, answered: (answer: Answer) => void, lane = this.#idlest()): void {
    if (this.#isClosed) throw new SluiceError('INTERRUPTED');
    this.#lastId += 1;
    const id = this.#lastId;
    this.#waiting.set(id, { lane, answered });
    lane.jobs.add(id);
    lane.post(make(id));
  }

  #idlest(): Lane {
    return this.#threads.reduce(
      (best, each) => (each.jobs.size < best.jobs.size ? each : best),
      this.#threads[0] ?? this.#own,
    );
  }

  #forget(id: number): void {
    this.#waiting.get(id)?.lane.jobs.delete(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#idle?.();
  }

  readonly #answered = (answer: Answer): void => this.#waiting.get(answer.id)?.answered(answer);

  #startThreads(most = MOST_THREADS): void {
    if (this.#isClosed || !import.meta.url.endsWith('.js')) return;
    const count = Math.max(1, Math.min(most, availableParallelism() - 1));
    while (this.#threads.length < count) {
      const lane = laneInThread(this.#layout, this.#answered, (reason) => this.#lost(lane, reason));
      this.#threads.push(lane);
    }
  }

  /** A thread that died fails what it was given; the others go on. */
  #lost(lane: Lane, reason: string): void {
    this.#threads = this.#threads.filter((each) => each !== lane);
    for (const id of [...lane.jobs]) this.#answered(gone(id, reason));
  }
}
