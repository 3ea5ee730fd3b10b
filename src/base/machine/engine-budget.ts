const MIB = 2 ** 20;

/** What the machine, and the containers around this process, have. What is not known is absent. */
export interface MachineDescription {
  /** Of every control group around us that has a limit: that, and what is used there already and cannot be dropped. */
  readonly memoryGroups: readonly { readonly limitBytes: number; readonly usedBytes?: number }[];
  /** What the kernel says can be had without swapping. */
  readonly availableBytes?: number;
  /** Processors that this process may run on. */
  readonly processors: number;
  /** Processor time per time that the groups around us allow: 0.5 is half a processor. */
  readonly processorQuota?: number;
}

/** What the engine may use. */
export interface EngineBudget {
  /** For bodies in flight: blocks that are being filled, written or hashed. */
  readonly bufferBytes: number;
  /** Threads that move bytes, 1 to 4. */
  readonly threads: number;
  /** Connections whose buffers fit, at `CONNECTION_BYTES` each; at least 1. */
  readonly connections: number;
}

const USUAL_BUFFER_BYTES = 64 * MIB;
export const LEAST_BUFFER_BYTES = 4 * MIB;
/** This process without any body in flight: measured 60–70 MB resident after a listing. */
const PROCESS_BYTES = 72 * MIB;
/** What it still grows by after the moment of looking. */
const GROWTH_BYTES = 24 * MIB;
/** Of the memory that is left, so much is for buffers; the rest is for threads, for the heap, and for the page cache that writes need. */
const BUFFER_SHARE = 0.3;
/** A slab of 1 MiB that is written next, and a block of 256 KiB for heads. */
const CONNECTION_BYTES = 1.25 * MIB;
const MOST_THREADS = 4;
/** Resident memory of a thread of its own: 9 MB measured on Node 20. */
const THREAD_BYTES = 10 * MIB;

/**
 * How much the engine may take of what there is. `settingBytes` replaces the usual bound for buffers; what the machine does not have is
 * not taken, whatever the setting says.
 */
export function engineBudget(machine: MachineDescription, settingBytes?: number): EngineBudget {
  const rooms = machine.memoryGroups.flatMap(({ limitBytes, usedBytes }) => [
    limitBytes - PROCESS_BYTES,
    ...(usedBytes === undefined ? [] : [limitBytes - usedBytes - GROWTH_BYTES]),
  ]);
  if (machine.availableBytes !== undefined) rooms.push(machine.availableBytes - GROWTH_BYTES);
  const roomBytes = Math.max(0, Math.min(...rooms));
  const mostBytes = Math.max(LEAST_BUFFER_BYTES, roomBytes === Infinity ? Infinity : roomBytes * BUFFER_SHARE);
  const bufferBytes = Math.floor(Math.min(settingBytes ?? USUAL_BUFFER_BYTES, mostBytes) / MIB) * MIB;
  const processors = Math.min(machine.processors, Math.ceil(machine.processorQuota ?? Infinity));
  const affordable = Math.floor(((roomBytes - bufferBytes) * BUFFER_SHARE) / THREAD_BYTES);
  return {
    bufferBytes,
    threads: Math.max(1, Math.min(MOST_THREADS, processors, affordable)),
    connections: Math.max(1, Math.floor(bufferBytes / CONNECTION_BYTES)),
  };
}
