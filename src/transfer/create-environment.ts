import { availableParallelism } from 'node:os';
import type { SpareThreads } from '../base/index.js';
import { createFollowers, createSlabMemory, SLAB_BYTES, Slabs } from '../proof/index.js';
import { joinLimits, openHands } from '../store/index.js';
import { createCouriers } from './batch/couriers.js';
import { MAX_COURIER_THREADS } from './batch/limits.js';
import { ConnectionRoom } from './budget/connection-room.js';
import { openHostLimit, type HostLimit } from './budget/host-limit.js';
import { SharedBucket } from './budget/shared-bucket.js';
import { createCarriers } from './carry/carriers.js';
import { ProbeRooms } from './doubt/probe-rooms.js';
import type { Environment } from './environment.js';
import { BlockPool } from './files/block-writer.js';
import { SmallBuffers } from './files/small-buffers.js';
import {
  MAX_CARRIER_THREADS,
  SCHEDULE,
  SMALL_FILE_BYTES,
  SMALL_FILES_TO_STORE,
  USUAL_BUFFER_BYTES,
  WARM_CONNECTIONS,
} from './limits.js';
import { pieceBytesFor } from './pieces/piece-size.js';
import type { TransferOptions } from './port.js';
import { mostConnections } from './schedule/engine.js';

/** The limit that these options ask for. */
export async function openLimit({ limit, store, emit }: TransferOptions): Promise<HostLimit | undefined> {
  return limit === undefined ? undefined : openHostLimit({ timetable: limit, roll: joinLimits(store.root), emit });
}

/** Threads, memory and connections for all files of a transfer. `isService`: this thread has others to serve beside it. `wake` is called when something can be asked for that could not before. */
export function createEnvironment(
  options: TransferOptions,
  limit: HostLimit | undefined,
  { isHashed, isService }: { readonly isHashed: boolean; readonly isService: boolean },
  wake: () => void,
): Environment {
  const { transport, gate, emit, store, signal, foreignPartials } = options;
  const limiter = limit?.bucket ?? new SharedBucket();
  const slabs = createSlabMemory(Math.max(1, Math.floor((options.bufferBytes ?? USUAL_BUFFER_BYTES) / SLAB_BYTES)));
  const threads = carrierThreads(options.threads ?? availableParallelism(), isHashed);
  const room = new ConnectionRoom(
    transport,
    options.connections === 'auto' ? SCHEDULE.mostPerHost : options.connections,
  );
  const carriers = createCarriers({
    ...{ transport, limiter, slabs, threads, beginsHere: !isService },
    room,
    ...spareOf(options.ahead?.carriers),
  });
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
      ...{ transport, limiter, store, threads: courierThreads(options.threads), room },
      ...spareOf(options.ahead?.couriers),
    }),
    pulse: new Set(),
    lookedAtMs: options.lookedAtMs ?? -Infinity,
    hands: options.hands ?? openHands(store),
    followers: createFollowers(spareOf(options.ahead?.followers)),
    blocks: new BlockPool(),
    probeRooms: new ProbeRooms(),
    smallBuffers: new SmallBuffers(mostConnections(options) + SMALL_FILES_TO_STORE, true),
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

/**
 * Ends what the environment opened. `mayLinger`: its threads, which have nothing under way, are left to whoever looks after threads (`ahead`) to be ended with the others: while
 * they end everything else in the process takes twice as long.
 */
export async function closeEnvironment(
  { followers, carriers, couriers, hands }: Environment,
  options: TransferOptions,
  limit: HostLimit | undefined,
  mayLinger: boolean,
): Promise<void> {
  if (options.hands === undefined) await hands.close();
  const end = (): Promise<unknown> => Promise.all([followers.close(), carriers.close(), couriers.close()]);
  if (mayLinger && options.ahead !== undefined) options.ahead.retire(end);
  else await end();
  await limit?.close();
}
