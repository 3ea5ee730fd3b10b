import { Worker } from 'node:worker_threads';
import { WINDOW_BYTES, type FromModule, type ModuleJob, type ReadOrder } from './messages.js';

/** Bytes that a module may read. */
export interface ModuleFile {
  readonly sizeBytes: number;
  read(offset: number, length: number): Promise<Buffer>;
}

export interface ModuleLimits {
  readonly timeMs: number;
  /** Of the file, in one run. */
  readonly readBytes: number;
}

/** How a run ended. `time`: it was stopped. */
export type ModuleEnd =
  { readonly end: 'result'; readonly json: string } | { readonly end: 'fault' | 'time'; readonly reason: string };

/** Memory of JavaScript around a module: its own is bounded in itself. */
const HEAP_MIB = 64;

/** Runs a bounded module once, in a thread of its own that has no surroundings, and is ended by the clock. The same module and file give the same, except where time or bytes that could not be had ended it. */
export async function runModule(
  module: Uint8Array,
  input: string,
  file: ModuleFile,
  { timeMs, readBytes }: ModuleLimits,
  signal: AbortSignal,
): Promise<ModuleEnd> {
  const job: ModuleJob = {
    module,
    input,
    sizeBytes: file.sizeBytes,
    state: new SharedArrayBuffer(8),
    window: new SharedArrayBuffer(WINDOW_BYTES),
  };
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    workerData: job,
    env: {},
    argv: [],
    execArgv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    trackUnmanagedFds: false,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 },
  });
  let left = readBytes;
  const answer = async ({ offset, length }: ReadOrder): Promise<void> => {
    const flags = new Int32Array(job.state);
    left -= length;
    const bytes = left < 0 ? undefined : await file.read(offset, length).catch(() => undefined);
    if (bytes !== undefined) new Uint8Array(job.window).set(bytes);
    Atomics.store(flags, 0, bytes === undefined ? 2 : 1);
    Atomics.notify(flags, 0);
  };
  let timer: NodeJS.Timeout | undefined;
  let stop: () => void = () => undefined;
  try {
    return await new Promise<ModuleEnd>((resolve) => {
      stop = () => resolve({ end: 'time', reason: 'it was called off' });
      timer = setTimeout(() => resolve({ end: 'time', reason: `not done within ${timeMs} ms` }), timeMs);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      worker.on('message', (message: FromModule) => {
        if (message.type === 'read') void answer(message);
        else if (message.type === 'result') resolve({ end: 'result', json: message.json });
        else resolve({ end: 'fault', reason: message.reason });
      });
      worker.on('error', (error) => resolve({ end: 'fault', reason: error.message }));
      worker.on('exit', () => resolve({ end: 'fault', reason: 'its thread ended' }));
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}
