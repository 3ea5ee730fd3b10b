import { availableParallelism } from 'node:os';
import { SluiceError, type SpareThreads } from '../base/index.js';
import { createFollowers, createSlabMemory, SLAB_BYTES, Slabs } from '../proof/index.js';
import { chooseItems } from './batch/choose-items.js';
import { createCouriers } from './batch/couriers.js';
import { MAX_COURIER_THREADS } from './batch/limits.js';
import { pendingBatch } from './batch/pending-batch.js';
import { createCarriers } from './carry/carriers.js';
import { openHostLimit, type HostLimit } from './budget/host-limit.js';
import { SharedBucket } from './budget/shared-bucket.js';
import { joinLimits, openHands } from '../store/index.js';
import type { Source } from '../hubs/index.js';
import { findShortage } from './disk-room.js';
import type { Environment } from './environment.js';
import { BlockPool } from './files/block-writer.js';
import type { Job } from './files/job.js';
import { PieceFile } from './files/piece-file.js';
import { SmallBuffers } from './files/small-buffers.js';
import { SmallFile, type Begun } from './files/small-file.js';
import { StreamFile } from './files/stream-file.js';
import { joinSources } from './join-sources.js';
import { Turns } from './files/turns.js';
import { UnsizedFile } from './files/unsized-file.js';
import { Landings } from './landings.js';
import {
  LARGE_FILES_IN_FLIGHT,
  MAX_CARRIER_THREADS,
  SCHEDULE,
  SMALL_FILE_BYTES,
  SMALL_FILES_TO_STORE,
  USUAL_BUFFER_BYTES,
  WARM_CONNECTIONS,
} from './limits.js';
import { pieceBytesFor } from './pieces/piece-size.js';
import type { Transfer, TransferOptions, TransferResult, TransferTask } from './port.js';
import { createFileSource, type FileSource } from './request/file-source.js';
import { sameContent, type ContentGroup } from './same-content.js';
import { Engine, mostConnections, type Pending } from './schedule/engine.js';
import { SourceState } from './schedule/source-state.js';

/**
 * Moves and proves files. What several tasks share is fetched once; results stand in the order of the tasks. A file's failure is in its result.
 * @throws SluiceError INTERRUPTED when the signal fired; everything that arrived is kept
 */
export const transfer: Transfer = async (tasks, options) => {
  const groups = sameContent(tasks);
  let engine: Engine | undefined;
  const limit = await openLimit(options);
  const isHashed = tasks.some(
    ({ pieces, sizeBytes = Infinity }) => pieces === undefined && sizeBytes > SMALL_FILE_BYTES,
  );
  const environment = createEnvironment(options, limit, isHashed, () => engine?.pump());
  const states = new Map<string, SourceState>();
  try {
    const firsts = groups.map(([first]) => first);
    const shortage = await findShortage(options.store, firsts, options.signal);
    if (shortage !== undefined) return tasks.map((task) => refused(task, shortage, options));
    if (firsts.some(({ sizeBytes = 0 }) => sizeBytes > SMALL_FILE_BYTES)) environment.carriers.warm();
    const turns = new Turns(LARGE_FILES_IN_FLIGHT);
    const landings = new Landings(options);
    const made = sourceMaker(states, options);
    const alone = (group: ContentGroup, begun?: Begun): Pending => ({
      ...pendingJob(environment, group[0], made, turns, begun),
      onResult: (result) => landings.begin(group, result),
    });
    const { items, others } = chooseItems(groups);
    const pending = others.map((group) => alone(group));
    const [firstItem, ...moreItems] = items;
    if (firstItem !== undefined)
      pending.push(
        pendingBatch(environment, [firstItem, ...moreItems], {
          made,
          onResult: ({ group }, result) => {
            landings.begin(group, result);
            engine?.finished(result);
          },
          onAlone: ({ group, begun }) => engine?.add(alone(group, begun)),
        }),
      );
    engine = new Engine(environment, options, states, pending);
    try {
      await engine.run();
    } finally {
      await Promise.all([environment.hands.sync(), environment.couriers.sync()]);
    }
    const results = await landings.results();
    if (options.signal.aborted) throw new SluiceError('INTERRUPTED');
    return tasks.map((task) => results.get(task) ?? refused(task, new SluiceError('INTERNAL'), options));
  } finally {
    if (options.hands === undefined) await environment.hands.close();
    const { followers, carriers, couriers } = environment;
    await Promise.all([followers.close(), carriers.close(), couriers.close(), limit?.close()]);
  }
};

function refused(task: TransferTask, error: SluiceError, { emit }: TransferOptions): TransferResult {
  emit({ type: 'file.failed', file: task.path, code: error.code, message: error.message });
  return { task, checks: [], fetchedBytes: 0, pieces: [], error };
}

async function openLimit({ limit, store, emit }: TransferOptions): Promise<HostLimit | undefined> {
  return limit === undefined ? undefined : openHostLimit({ timetable: limit, roll: joinLimits(store.root), emit });
}

function createEnvironment(
  options: TransferOptions,
  limit: HostLimit | undefined,
  isHashed: boolean,
  wake: () => void,
): Environment {
  const { transport, gate, emit, store, signal, foreignPartials } = options;
  const limiter = limit?.bucket ?? new SharedBucket();
  const slabs = createSlabMemory(Math.max(1, Math.floor((options.bufferBytes ?? USUAL_BUFFER_BYTES) / SLAB_BYTES)));
  const threads = carrierThreads(options.threads ?? availableParallelism(), isHashed);
  const carriers = createCarriers({ transport, limiter, slabs, threads, ...spareOf(options.ahead?.carriers) });
  return {
    transport,
    gate,
    emit,
    store,
    signal,
    foreignPartials,
    limiter,
    slabs: new Slabs(slabs),
    carriers,
    couriers: createCouriers({
      ...{ transport, limiter, store, threads: courierThreads(options.threads) },
      ...spareOf(options.ahead?.couriers),
    }),
    pulse: new Set(),
    lookedAtMs: options.lookedAtMs ?? -Infinity,
    hands: options.hands ?? openHands(store),
    followers: createFollowers(spareOf(options.ahead?.followers)),
    blocks: new BlockPool(),
    smallBuffers: new SmallBuffers(mostConnections(options) + SMALL_FILES_TO_STORE),
    now: () => performance.now(),
    wake,
    warm: (url, sizeBytes) => {
      if (sizeBytes === undefined || sizeBytes <= SMALL_FILE_BYTES) return;
      const pieces = Math.ceil(sizeBytes / pieceBytesFor(sizeBytes));
      carriers.warmTo(url, Math.min(pieces, mostConnections(options), WARM_CONNECTIONS));
    },
  };
}

function spareOf(spare: SpareThreads | undefined): { readonly spare?: SpareThreads } {
  return spare === undefined ? {} : { spare };
}

/** One core is left to everything else. */
export function courierThreads(threads = availableParallelism()): number {
  return Math.max(1, Math.min(MAX_COURIER_THREADS, threads - 1));
}

/** One core is left to the rest, one more where whole files are hashed (`isHashed`): two threads bring as much as that one hashes. */
export function carrierThreads(threads: number, isHashed = true): number {
  return Math.max(1, Math.min(MAX_CARRIER_THREADS, threads - 1) - (isHashed ? 1 : 0));
}

type SourceMaker = (source: Source) => FileSource;

/** What is known of a source is shared by all files. */
function sourceMaker(states: Map<string, SourceState>, { connections }: TransferOptions): SourceMaker {
  return (source) => {
    const state =
      states.get(source.id) ?? new SourceState(source.id, connections === 'auto' ? SCHEDULE.mostPerHost : connections);
    states.set(source.id, state);
    return createFileSource(source, state);
  };
}

function pendingJob(
  environment: Environment,
  task: TransferTask,
  made: SourceMaker,
  turns: Turns,
  begun: Begun | undefined,
): Omit<Pending, 'onResult'> {
  return {
    sizeBytes: task.sizeBytes,
    // What may be small is begun among the small ones.
    isLarge: task.sizeBytes === undefined ? !isProvable(task) : task.sizeBytes > SMALL_FILE_BYTES,
    open: (): Job => {
      const sources = usableSources(task).map(made);
      const job = makeJob(environment, task, sources, turns, begun);
      joinSources(job, sources, made, environment.wake);
      return job;
    },
  };
}

function makeJob(
  environment: Environment,
  task: TransferTask,
  sources: readonly FileSource[],
  turns: Turns,
  begun: Begun | undefined,
): Job {
  if (task.sizeBytes === undefined)
    return isProvable(task)
      ? new UnsizedFile(environment, task, sources, turns)
      : new StreamFile(environment, task, sources);
  if (task.sizeBytes <= SMALL_FILE_BYTES) return new SmallFile(environment, task, task.sizeBytes, sources, begun);
  if (isNameless(task)) return new StreamFile(environment, task, sources);
  return new PieceFile(environment, task, task.sizeBytes, sources);
}

/** Nothing would tell whether two answers are of one version of the file: only what comes in one answer belongs together. */
function isNameless(task: TransferTask): boolean {
  const { validators } = task;
  return !isProvable(task) && validators?.etag === undefined && validators?.lastModified === undefined;
}

/** Without any digest nothing says that two sources have the same content: the first one alone is asked. */
function usableSources(task: TransferTask): TransferTask['sources'] {
  return isProvable(task) ? task.sources : task.sources.slice(0, 1);
}

function isProvable({ digests }: TransferTask): boolean {
  return Object.values(digests).some((value) => value !== undefined);
}
