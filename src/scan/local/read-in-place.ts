import { closeSync, openSync, readSync } from 'node:fs';
import { sourceOfBuffer } from '../sources.js';
import type { Opened } from './opened.js';

/** Longer files are read by a thread of Node's pool: they take as long to read as it takes to ask it. */
export const IN_PLACE_BYTES = 256 * 1024;
/** Scans that wait for something at the same time are few. */
const MOST_KEPT = 8;

/** A byte more than a file may have, so that a longer one shows. Used again: fresh memory costs more than what is read into it. */
const free: Buffer[] = [];

/**
 * Reads a whole file in the caller's thread; undefined when it is longer than `IN_PLACE_BYTES`. The bytes are the caller's until it closes.
 * @throws the system's errors
 */
export function readInPlace(path: string): Opened | undefined {
  const file = openSync(path, 'r');
  const memory = free.pop() ?? Buffer.allocUnsafeSlow(IN_PLACE_BYTES + 1);
  let isLent = false;
  try {
    const sizeBytes = fill(file, memory);
    if (sizeBytes > IN_PLACE_BYTES) return undefined;
    isLent = true;
    return { bytes: sourceOfBuffer(memory.subarray(0, sizeBytes)), close: giveBackOnce };
  } finally {
    if (!isLent) giveBack(memory);
    closeSync(file);
  }

  function giveBackOnce(): Promise<void> {
    if (isLent) giveBack(memory);
    isLent = false;
    return Promise.resolve();
  }
}

function fill(file: number, memory: Buffer): number {
  let filled = 0;
  while (filled < memory.length) {
    const read = readSync(file, memory, filled, memory.length - filled, filled);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}

function giveBack(memory: Buffer): void {
  if (free.length < MOST_KEPT) free.push(memory);
}
