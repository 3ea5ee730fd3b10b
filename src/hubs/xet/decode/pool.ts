import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { SluiceError, toSluiceError } from '../../../base/index.js';
import { BATCH_BYTES, CHUNK_HEADER_BYTES, MAX_PACKED_BYTES } from '../limits.js';
import { compileCodec, type CodecModule } from '../wasm/codec.js';
import type { OpenFile, WrittenSum } from '../port.js';
import type { Batch, Fault } from './batch.js';
import type { CopyOrder } from './copy-chunks.js';
import { plainError, revivedError, type FromWorker, type Parts, type ToWorker } from './messages.js';
import { serveDecode } from './serve-decode.js';

/** Raw bytes that were not written, and sums of those that were. */
interface Output {
  readonly parts: Parts | undefined;
  readonly sums: readonly WrittenSum[];
}

/** What became of a batch: the hashes of its chunks back to back, and its raw bytes; or the record that is broken. */
export type Decoded = (Output & { readonly hashes: Uint8Array }) | { readonly fault: Fault };

/** What was copied; or the chunk that is not here as it was written down: nothing of it counts then. */
export type Copied = Output | { readonly fault: Fault };

/**
 * Threads that decode and hash records. Memory: about 2.5 MiB a thread, and 0.8 MiB for each batch that is lent; `room` keeps those that wait few.
 * Threads start when first needed, or when they are told to.
 */
export interface DecodePool {
  /** Memory for one batch, with room for `BATCH_BYTES` and one more record. It goes with `decode`, or back by `giveBack`. */
  lend(): SharedArrayBuffer;
  giveBack(bytes: SharedArrayBuffer): void;
  /** Starts all threads now. */
  warm(): void;
  /** Decodes; writes to `file` where it is given. @throws SluiceError FILE_SYSTEM, DISK_FULL, INTERRUPTED */
  decode(batch: Batch, file: OpenFile | undefined): Promise<Decoded>;
  /** Copies chunks that are here, to `file` where it is given; says which one is not what it should be. @throws as `decode` */
  copy(order: CopyOrder, file: OpenFile | undefined): Promise<Copied>;
  /** Undefined, or what to wait for before giving it more. */
  room(): Promise<void> | undefined;
  /** Whether somebody was lately told to wait (`room`): the threads, and not the wire, are what holds back. */
  isBusy(): boolean;
  /** File id and Merkle root over these chunks; the arrays stay the caller's. @throws SluiceError */
  fileId(hashes: Uint8Array, lengths: Uint32Array): Promise<{ readonly fileId: Uint8Array; readonly root: Uint8Array }>;
  close(): Promise<void>;
}

interface Lane {
  post(message: ToWorker): void;
  close(): Promise<void>;
  jobs: number;
}

interface Job {
  readonly lane: Lane;
  settle(message: FromWorker): void;
}

const BATCH_MEMORY_BYTES = BATCH_BYTES + CHUNK_HEADER_BYTES + MAX_PACKED_BYTES;
/** More than these wait for a thread: whoever brings bytes pauses. */
const JOBS_PER_THREAD = 3;
/** `isBusy` for so long after somebody was. */
const BUSY_MS = 500;
const MOST_THREADS = 4;

/** Where the program runs from its TypeScript sources (tests), the same code runs in this thread. */
export function createDecodePool(options: { readonly threads?: number } = {}): DecodePool {
  const threads = options.threads ?? Math.max(1, Math.min(MOST_THREADS, availableParallelism() - 1));
  const lanes: Lane[] = [];
  const jobs = new Map<number, Job>();
  const free: SharedArrayBuffer[] = [];
  let module: CodecModule | undefined;
  let waiting: (() => void)[] = [];
  let nextId = 1;
  let isClosed = false;
  let heldBackMs = -Infinity;
  const isOver = (): boolean => isClosed;

  const receive = (message: FromWorker): void => {
    const job = jobs.get(message.id);
    if (job === undefined) return;
    jobs.delete(message.id);
    job.lane.jobs -= 1;
    job.settle(message);
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };
  const failLane = (lane: Lane, error: unknown): void => {
    const index = lanes.indexOf(lane);
    if (index >= 0) lanes.splice(index, 1);
    for (const [id, job] of jobs) if (job.lane === lane) receive({ type: 'error', id, error: plainError(error) });
  };
  const addLane = (): Lane => {
    module ??= compileCodec();
    const lane = openLane(module, receive, failLane);
    lanes.push(lane);
    return lane;
  };
  const pickLane = (): Lane => {
    const idlest = lanes.reduce<Lane | undefined>(
      (best, lane) => (best && best.jobs <= lane.jobs ? best : lane),
      undefined,
    );
    if (idlest !== undefined && (idlest.jobs === 0 || lanes.length >= threads)) return idlest;
    return addLane();
  };
  const begin = async (message: (id: number) => ToWorker): Promise<FromWorker> => {
    if (isOver()) throw new SluiceError('INTERRUPTED');
    const lane = pickLane();
    const id = nextId;
    nextId += 1;
    lane.jobs += 1;
    const answer = new Promise<FromWorker>((resolve) => jobs.set(id, { lane, settle: resolve }));
    lane.post(message(id));
    const outcome = await answer;
    if (outcome.type === 'error' && isOver()) throw new SluiceError('INTERRUPTED');
    if (outcome.type === 'error') throw toSluiceError(revivedError(outcome.error));
    return outcome;
  };

  return {
    lend: () => free.pop() ?? new SharedArrayBuffer(BATCH_MEMORY_BYTES),
    giveBack: (bytes) => void free.push(bytes),
    warm: () => {
      while (!isOver() && lanes.length < threads) addLane();
    },
    decode: async (batch, file) => {
      // Memory that a failed thread may still hold is not lent again.
      const message = await begin((id) => ({ type: 'batch', id, batch, file }));
      free.push(batch.bytes);
      if (message.type !== 'batch') throw new SluiceError('INTERNAL', { reason: 'an answer to another question' });
      const { hashes, parts, sums } = message;
      if (hashes !== undefined) return { hashes, parts, sums };
      return { fault: message.fault ?? { record: 0, reason: 'no outcome' } };
    },
    copy: async (order, file) => {
      const message = await begin((id) => ({ type: 'copy', id, order, file }));
      if (message.type !== 'copy') throw new SluiceError('INTERNAL', { reason: 'an answer to another question' });
      const { fault, parts, sums } = message;
      return fault === undefined ? { parts, sums } : { fault };
    },
    room: () => {
      if (jobs.size < threads * JOBS_PER_THREAD) return undefined;
      heldBackMs = performance.now();
      return new Promise<void>((resolve) => waiting.push(resolve));
    },
    isBusy: () => performance.now() - heldBackMs < BUSY_MS,
    fileId: async (hashes, lengths) => {
      const message = await begin((id) => ({ type: 'fileId', id, hashes, lengths }));
      if (message.type !== 'fileId') throw new SluiceError('INTERNAL', { reason: 'an answer to another question' });
      return message;
    },
    close: async () => {
      isClosed = true;
      const open = lanes.splice(0);
      await Promise.all(open.map((lane) => lane.close()));
      for (const [id] of jobs) receive({ type: 'error', id, error: { message: 'closed' } });
    },
  };
}

function openLane(
  module: CodecModule,
  receive: (message: FromWorker) => void,
  fail: (lane: Lane, error: unknown) => void,
): Lane {
  if (!import.meta.url.endsWith('.js'))
    return { post: serveDecode(module, receive), close: () => Promise.resolve(), jobs: 0 };
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: module });
  const lane: Lane = {
    post: (message) => worker.postMessage(message),
    close: async () => {
      await worker.terminate();
    },
    jobs: 0,
  };
  worker.on('message', receive);
  worker.on('error', (error) => fail(lane, error));
  worker.on('exit', () => fail(lane, new Error('a decoding thread ended')));
  return lane;
}
