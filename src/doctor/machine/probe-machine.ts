import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { readMachine } from '../../base/index.js';
import type { MachineFacts } from '../facts.js';
import { PROBES } from '../limits.js';
import { probeKernel } from './probe-kernel.js';
import { probeDisk } from './probe-disk.js';
import { probeGpus } from './probe-gpus.js';

/** This machine as far as the job needs it; `folder` is where the bytes go. */
export async function probeMachine(folder: string, signal: AbortSignal): Promise<MachineFacts> {
  const { memoryGroups, availableBytes, processors, processorQuota } = readMachine();
  const rooms = memoryGroups.map(({ limitBytes, usedBytes = 0 }) => limitBytes - usedBytes);
  const room = Math.min(...rooms, availableBytes ?? Infinity);
  const openFiles = openFileLimit();
  return {
    processors: Math.min(processors, processorQuota ?? Infinity),
    memoryBytes: Math.min(os.totalmem(), ...memoryGroups.map(({ limitBytes }) => limitBytes)),
    ...(room === Infinity ? {} : { availableBytes: room }),
    ...(openFiles === undefined ? {} : { openFiles }),
    hashBytesPerSecond: timeHash(),
    kernel: probeKernel(),
    ...(await probeDisk(folder, signal)),
    gpus: await probeGpus(signal),
  };
}

function timeHash(): number {
  const block = Buffer.alloc(2 ** 20);
  const startedMs = performance.now();
  const hash = createHash('sha256');
  for (let at = 0; at < PROBES.hashBytes; at += block.length) hash.update(block);
  hash.digest();
  return (PROBES.hashBytes / (performance.now() - startedMs)) * 1000;
}

/** Node raises the soft limit to the hard one by itself, so that what the kernel says now is what there is. */
function openFileLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}
