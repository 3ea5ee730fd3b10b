import { availableParallelism } from 'node:os';
import { SluiceError, SpareThreads, toSluiceError } from '../base/index.js';
import type { ByteRange, FollowRequest } from './follow-file.js';
import { plainError, revivedError, type FromWorker, type ToWorker } from './follower-messages.js';
import type { Verdict } from './proof.js';
import { serveJobs } from './serve-jobs.js';

/** A file being hashed in order while it arrives. */
export interface Follower {
  /** Bytes [0, endByte) stand in the file. Never goes back. */
  advance(endByte: number): void;
  /** Settles once all bytes were seen. @throws SluiceError FILE_SYSTEM, INTERRUPTED (cancelled or closed) */
  verdict(): Promise<Verdict>;
  cancel(): void;
}

/** A small pool of hashing threads; each follows several files at once. Threads start when first needed. */
export interface Followers {
  follow(request: FollowRequest): Follower;
  /** A digest of each range of a file; undefined where the file does not reach. @throws SluiceError */
  hashRanges(path: string, ranges: readonly ByteRange[]): Promise<readonly (string | undefined)[]>;
  close(): Promise<void>;
}

/** So little is hashed beside what a thread has to do already: one more takes 20 ms of a core to come up, and as much as 10 ms to end. */
const SHORT_BYTES = 1024 * 1024;

interface Lane {
  post(message: ToWorker): void;
  close(): Promise<void>;
  jobs: number;
}

interface Job {
  readonly lane: Lane;
  settle(message: FromWorker): void;
}

/**
 * Two threads by default: one core hashes about 1.5 GB/s, and more than two would compete with what brings the bytes.
 * Where the program runs from its TypeScript sources (tests), the same code runs in this thread.
 */
export function createFollowers(options: { readonly threads?: number; readonly spare?: SpareThreads } = {}): Followers {
  const threads = options.threads ?? Math.max(1, Math.min(2, availableParallelism() - 1));
  const lanes: Lane[] = [];
  const jobs = new Map<number, Job>();
  let nextId = 1;
  let closed = false;

  const receive = (message: FromWorker): void => {
    const job = jobs.get(message.id);
    if (job === undefined) return;
    jobs.delete(message.id);
    job.lane.jobs -= 1;
    job.settle(message);
  };
  const failLane = (lane: Lane, error: unknown): void => {
    lanes.splice(lanes.indexOf(lane), 1);
    for (const [id, job] of jobs) if (job.lane === lane) receive({ type: 'error', id, error: plainError(error) });
  };
  const pickLane = (isShort: boolean): Lane => {
    const idlest = lanes.reduce<Lane | undefined>(
      (best, lane) => (best && best.jobs <= lane.jobs ? best : lane),
      undefined,
    );
    if (idlest !== undefined && (isShort || idlest.jobs === 0 || lanes.length >= threads)) return idlest;
    const lane = openLane(options.spare ?? spareFollowers(), receive, failLane);
    lanes.push(lane);
    return lane;
  };
  const begin = (
    message: (id: number) => ToWorker,
    isShort = false,
  ): { id: number; lane: Lane; answer: Promise<FromWorker> } => {
    const lane = pickLane(isShort);
    const id = nextId;
    nextId += 1;
    lane.jobs += 1;
    const answer = new Promise<FromWorker>((resolve) => jobs.set(id, { lane, settle: resolve }));
    lane.post(message(id));
    return { id, lane, answer };
  };

  return {
    follow: (request) => {
      if (closed) throw new SluiceError('INTERRUPTED');
      const { id, lane, answer } = begin((jobId) => ({ type: 'follow', id: jobId, request }));
      return {
        advance: (endByte) => {
          if (jobs.has(id)) lane.post({ type: 'advance', id, endByte });
        },
        cancel: () => {
          if (jobs.has(id)) lane.post({ type: 'cancel', id });
        },
        verdict: async () => {
          const message = await answer;
          if (message.type === 'verdict' && message.verdict !== undefined) return message.verdict;
          throw message.type === 'error' ? toSluiceError(revivedError(message.error)) : new SluiceError('INTERRUPTED');
        },
      };
    },
    hashRanges: async (path, ranges) => {
      if (closed) throw new SluiceError('INTERRUPTED');
      const bytes = ranges.reduce((sum, { startByte, endByte }) => sum + endByte - startByte, 0);
      const message = await begin((id) => ({ type: 'ranges', id, path, ranges }), bytes <= SHORT_BYTES).answer;
      if (message.type === 'hashes') return message.hashes;
      throw message.type === 'error' ? toSluiceError(revivedError(message.error)) : new SluiceError('INTERRUPTED');
    },
    close: async () => {
      closed = true;
      for (const [id, job] of jobs) {
        job.lane.post({ type: 'cancel', id });
        receive({ type: 'verdict', id, verdict: undefined });
      }
      await Promise.all(lanes.splice(0).map((lane) => lane.close()));
    },
  };
}

/** Threads for `createFollowers`, to be started ahead of need; undefined where everything is done in this one. */
export function spareFollowers(): SpareThreads | undefined {
  return import.meta.url.endsWith('.js') ? new SpareThreads(new URL('./worker.js', import.meta.url)) : undefined;
}

function openLane(
  spare: SpareThreads | undefined,
  receive: (message: FromWorker) => void,
  fail: (lane: Lane, error: unknown) => void,
): Lane {
  if (spare === undefined) {
    const serve = serveJobs(receive);
    return { post: serve, close: () => Promise.resolve(), jobs: 0 };
  }
  const worker = spare.take();
  const lane: Lane = {
    post: (message) => worker.postMessage(message),
    close: async () => {
      await worker.terminate();
    },
    jobs: 0,
  };
  worker.on('message', receive);
  worker.on('error', (error) => fail(lane, error));
  return lane;
}
