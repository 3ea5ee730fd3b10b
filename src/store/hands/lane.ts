import { Worker } from 'node:worker_threads';
import type { Layout } from '../layout.js';
import type { Store } from '../port.js';
import type { Answer, Job } from './messages.js';
import { Packer } from './parcels.js';
import { serveJobs } from './serve-jobs.js';

/** Somebody who does jobs. */
export interface Lane {
  /** Given and not answered yet. */
  readonly jobs: Set<number>;
  post(job: Job): void;
  close(): Promise<void>;
}

/** Works in this thread, whose file calls go to Node's pool. */
export function laneInPlace(layout: Layout, store: Store, answer: (answer: Answer) => void): Lane {
  return { jobs: new Set(), post: serveJobs(layout, store, answer), close: () => Promise.resolve() };
}

/** Waking a thread costs more than most jobs: what comes while it works waits until so many can go together, or it answers. */
const TOGETHER = 8;

/** Works in a thread of its own, which keeps the process alive while it has jobs. */
export function laneInThread(layout: Layout, answer: (answer: Answer) => void, failed: (reason: string) => void): Lane {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: layout.root });
  worker.unref();
  const packer = new Packer();
  let waiting: Job[] = [];
  const jobs = new Set<number>();
  const send = (): void => {
    if (waiting.length === 0) return;
    worker.postMessage(packer.pack(waiting));
    worker.ref();
    waiting = [];
  };
  worker.on('message', (answers: readonly Answer[]) => {
    for (const each of answers) answer(each);
    if (jobs.size === 0) worker.unref();
    send();
  });
  worker.on('error', (error) => failed(error.message));
  return {
    jobs,
    post: (job) => {
      if (waiting.push(job) >= TOGETHER) send();
      else if (jobs.size === waiting.length) setImmediate(send);
    },
    close: async () => {
      await worker.terminate();
    },
  };
}
