import { availableParallelism } from 'node:os';
import { setImmediate as turn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Cuts } from './chunker.js';
import { doJob, type CutJob, type Done, type Job, type PackJob } from './jobs.js';
import type { PackedChunks } from './pack.js';

const MOST_WORKERS = 4;
/** Less work than this is done before a thread has started. */
const ALONE_BYTES = 8 * 1024 * 1024;

interface Waiting {
  readonly resolve: (done: Done) => void;
  readonly reject: (error: unknown) => void;
}

interface Hand {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

/** Does jobs on worker threads, or for little work (and where there is only the source) here, one at a time, others having their turn. */
export class Crew {
  readonly #hands: Hand[];
  #count = 0;

  constructor(expectedBytes: number) {
    const alone = expectedBytes < ALONE_BYTES || !import.meta.url.endsWith('.js');
    this.#hands = alone ? [] : Array.from({ length: Math.min(MOST_WORKERS, availableParallelism()) }, openHand);
  }

  /** Jobs that are worth having on their way. */
  get width(): number {
    return Math.max(1, this.#hands.length * 2);
  }

  async cut(job: CutJob): Promise<Cuts> {
    return (await this.#run(job)) as Cuts;
  }

  async pack(job: PackJob): Promise<PackedChunks> {
    return (await this.#run(job)) as PackedChunks;
  }

  async close(): Promise<void> {
    await Promise.all(this.#hands.map(({ worker }) => worker.terminate()));
  }

  async #run(job: Job): Promise<Done> {
    const hand = this.#hands.reduce<Hand | undefined>(
      (best, each) => (best === undefined || each.waiting.size < best.waiting.size ? each : best),
      undefined,
    );
    if (hand === undefined) {
      await turn();
      return doJob(job);
    }
    const id = (this.#count += 1);
    // The caller's buffer may be a window of something larger, or kept: only a copy can be given away.
    const bytes = new Uint8Array(job.bytes);
    return new Promise((resolve, reject) => {
      hand.waiting.set(id, { resolve, reject });
      hand.worker.postMessage({ id, job: { ...job, bytes } }, [bytes.buffer]);
    });
  }
}

function openHand(): Hand {
  const waiting = new Map<number, Waiting>();
  const worker = new Worker(new URL('./worker.js', import.meta.url));
  worker.unref();
  worker.on('message', ({ id, done }: { id: number; done: Done }) => {
    waiting.get(id)?.resolve(done);
    waiting.delete(id);
  });
  worker.on('error', (error) => {
    for (const each of waiting.values()) each.reject(error);
    waiting.clear();
  });
  return { worker, waiting };
}
