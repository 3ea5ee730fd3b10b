import { SluiceError } from '../base/index.js';
import { createFollowers } from '../proof/index.js';
import { findShortage } from './disk-room.js';
import type { Environment } from './environment.js';
import { BlockPool } from './files/block-writer.js';
import type { Job } from './files/job.js';
import { PieceFile } from './files/piece-file.js';
import { SmallFile } from './files/small-file.js';
import { StreamFile } from './files/stream-file.js';
import { Landings } from './landings.js';
import { SMALL_FILE_BYTES } from './limits.js';
import type { Transfer, TransferOptions, TransferResult, TransferTask } from './port.js';
import { createFileSource, type FileSource } from './request/file-source.js';
import { sameContent } from './same-content.js';
import { Engine, type Pending } from './schedule/engine.js';
import { createRateLimiter } from './schedule/rate-limiter.js';
import { SourceState } from './schedule/source-state.js';

/**
 * Moves and proves files. What several tasks share is fetched once; results stand in the order of the tasks. A file's failure is in its result.
 * @throws SluiceError INTERRUPTED when the signal fired; everything that arrived is kept
 */
export const transfer: Transfer = async (tasks, options) => {
  const groups = sameContent(tasks);
  let engine: Engine | undefined;
  const environment = createEnvironment(options, () => engine?.pump());
  const states = new Map<string, SourceState>();
  try {
    const firsts = groups.map(([first]) => first);
    const shortage = await findShortage(options.store, firsts, options.signal);
    if (shortage !== undefined) return tasks.map((task) => refused(task, shortage, options));
    const landings = new Landings(options);
    const pending = groups.map((group) => ({
      ...pendingJob(environment, group[0], states, options),
      onResult: (result: TransferResult) => landings.begin(group, result),
    }));
    engine = new Engine(environment, options, states, pending);
    await engine.run();
    const results = await landings.results();
    if (options.signal.aborted) throw new SluiceError('INTERRUPTED');
    return tasks.map((task) => results.get(task) ?? refused(task, new SluiceError('INTERNAL'), options));
  } finally {
    await environment.followers.close();
  }
};

function refused(task: TransferTask, error: SluiceError, { emit }: TransferOptions): TransferResult {
  emit({ type: 'file.failed', file: task.path, code: error.code, message: error.message });
  return { task, checks: [], fetchedBytes: 0, pieces: [], error };
}

function createEnvironment(options: TransferOptions, wake: () => void): Environment {
  const { transport, gate, emit, store, signal, foreignPartials } = options;
  return {
    transport,
    gate,
    emit,
    store,
    signal,
    foreignPartials,
    limiter: createRateLimiter(options.limitBytesPerSecond),
    followers: createFollowers(),
    blocks: new BlockPool(),
    now: () => performance.now(),
    wake,
  };
}

function pendingJob(
  environment: Environment,
  task: TransferTask,
  states: Map<string, SourceState>,
  { connections }: TransferOptions,
): Omit<Pending, 'onResult'> {
  return {
    sizeBytes: task.sizeBytes,
    isLarge: task.sizeBytes === undefined || task.sizeBytes > SMALL_FILE_BYTES,
    open: (): Job => {
      const sources = usableSources(task).map((source): FileSource => {
        const state = states.get(source.id) ?? new SourceState(source.id, connections);
        states.set(source.id, state);
        return createFileSource(source, state);
      });
      if (task.sizeBytes === undefined) return new StreamFile(environment, task, sources);
      if (task.sizeBytes <= SMALL_FILE_BYTES) return new SmallFile(environment, task, task.sizeBytes, sources);
      if (isNameless(task)) return new StreamFile(environment, task, sources);
      return new PieceFile(environment, task, task.sizeBytes, sources);
    },
  };
}

/** Nothing would tell whether two answers are of one version of the file: only what comes in one answer belongs together. */
function isNameless({ digests, validators }: TransferTask): boolean {
  const isProven = Object.values(digests).some((value) => value !== undefined);
  return !isProven && validators?.etag === undefined && validators?.lastModified === undefined;
}

/** Without any digest nothing says that two sources have the same content: the first one alone is asked. */
function usableSources({ digests, sources }: TransferTask): TransferTask['sources'] {
  return Object.values(digests).some((value) => value !== undefined) ? sources : sources.slice(0, 1);
}
