import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { createHash } from 'node:crypto';
import type { Digests } from '../base/index.js';
import { createProof, type Verdict } from './proof.js';

/** Large enough that system calls do not count, small enough that others get their turn within a millisecond or so. */
const BLOCK_BYTES = 1024 * 1024;

export interface FollowRequest {
  readonly path: string;
  readonly sizeBytes: number;
  readonly digests: Digests;
}

export interface ByteRange {
  readonly startByte: number;
  readonly endByte: number;
}

/** The work behind a follower, in whichever thread it runs. */
export interface FileFollower {
  advance(endByte: number): void;
  cancel(): void;
  /** Resolves when the whole file was seen, with undefined when cancelled; rejects with file-system errors. */
  readonly done: Promise<Verdict | undefined>;
}

/** Hashes a file in order, never past the byte it was last told to stand. */
export function followFile(request: FollowRequest): FileFollower {
  let limitBytes = 0;
  let cancelled = false;
  let wake: () => void = () => undefined;
  const run = async (): Promise<Verdict | undefined> => {
    const proof = createProof(request.digests, request.sizeBytes);
    const block = Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, Math.max(1, request.sizeBytes)));
    let descriptor: number | undefined;
    try {
      for (let offset = 0; offset < request.sizeBytes;) {
        while (offset >= limitBytes && !cancelled) await new Promise<void>((resolve) => (wake = resolve));
        if (cancelled) return undefined;
        descriptor ??= openSync(request.path, 'r');
        const got = readSync(descriptor, block, 0, Math.min(block.length, limitBytes - offset), offset);
        if (got === 0) throw new Error(`${request.path} ends at byte ${offset} of ${request.sizeBytes}`);
        proof.update(block.subarray(0, got));
        offset += got;
        await yieldToOthers();
      }
      return proof.finish();
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  };
  return {
    advance: (endByte) => {
      limitBytes = Math.min(Math.max(limitBytes, endByte), request.sizeBytes);
      wake();
    },
    cancel: () => {
      cancelled = true;
      wake();
    },
    done: run(),
  };
}

/** SHA-256 of each range; undefined where the file is too short for it (or is not there). */
export async function hashFileRanges(
  path: string,
  ranges: readonly ByteRange[],
  isCancelled: () => boolean,
): Promise<(string | undefined)[]> {
  const hashes: (string | undefined)[] = [];
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return ranges.map(() => undefined);
    throw thrown;
  }
  try {
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    for (const { startByte, endByte } of ranges) {
      const hash = createHash('sha256');
      let offset = startByte;
      while (offset < endByte && !isCancelled()) {
        const got = readSync(descriptor, block, 0, Math.min(block.length, endByte - offset), offset);
        if (got === 0) break;
        hash.update(block.subarray(0, got));
        offset += got;
        await yieldToOthers();
      }
      hashes.push(offset === endByte ? hash.digest('hex') : undefined);
    }
    return hashes;
  } finally {
    closeSync(descriptor);
  }
}
