import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { Digests } from '../base/index.js';
import { createHasher } from './hasher.js';
import type { PieceAlgorithm } from './piece-digest.js';
import { createProof, type Verdict } from './proof.js';
import { Residents, SLAB_BYTES, Slabs, type SlabMemory } from './slabs.js';

/** Large enough that system calls do not count, small enough that others get their turn within a millisecond or so. */
const BLOCK_BYTES = SLAB_BYTES;

/** What was read is hashed before anybody else gets a turn: one block serves all that a thread hashes. One for each of hundreds of ranges would wait for the collector. */
let shared: Buffer | undefined;
const readBlock = (): Buffer => (shared ??= Buffer.allocUnsafeSlow(BLOCK_BYTES));

export interface FollowRequest {
  readonly path: string;
  readonly sizeBytes: number;
  readonly digests: Digests;
  /** What of the file is still in memory: it is hashed there instead of being read back. */
  readonly memory?: { readonly slabs: SlabMemory; readonly residents: SharedArrayBuffer };
}

export interface ByteRange {
  readonly startByte: number;
  readonly endByte: number;
  /** SHA-256 unless given. */
  readonly algorithm?: PieceAlgorithm;
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
  let hashedBytes = 0;
  let cancelled = false;
  let isOver = false;
  const memory = openMemory(request);
  let wake: () => void = () => undefined;
  const run = async (): Promise<Verdict | undefined> => {
    const proof = createProof(request.digests, request.sizeBytes);
    let descriptor: number | undefined;
    try {
      while (hashedBytes < request.sizeBytes) {
        memory?.residents.mark(hashedBytes, limitBytes);
        const slabEnd = Math.min(hashedBytes - (hashedBytes % BLOCK_BYTES) + BLOCK_BYTES, request.sizeBytes);
        // A slab that is not whole yet may come to stand in memory.
        while (slabEnd > limitBytes && !cancelled) await new Promise<void>((resolve) => (wake = resolve));
        if (cancelled) return undefined;
        const waiting =
          hashedBytes % BLOCK_BYTES === 0 ? memory?.residents.takeOut(hashedBytes / BLOCK_BYTES) : undefined;
        if (memory !== undefined && waiting !== undefined) {
          proof.update(memory.slabs.view(waiting).subarray(0, slabEnd - hashedBytes));
          memory.slabs.giveBack(waiting);
          hashedBytes = slabEnd;
        } else {
          descriptor ??= openSync(request.path, 'r');
          const block = readBlock();
          const got = readSync(descriptor, block, 0, slabEnd - hashedBytes, hashedBytes);
          if (got === 0) throw new Error(`${request.path} ends at byte ${hashedBytes} of ${request.sizeBytes}`);
          proof.update(block.subarray(0, got));
          hashedBytes += got;
        }
        await yieldToOthers();
      }
      return proof.finish();
    } finally {
      isOver = true;
      // Nobody is to wait for it any more.
      memory?.residents.mark(hashedBytes, hashedBytes);
      if (descriptor !== undefined) closeSync(descriptor);
    }
  };
  return {
    advance: (endByte) => {
      limitBytes = Math.min(Math.max(limitBytes, endByte), request.sizeBytes);
      if (!isOver) memory?.residents.mark(hashedBytes, limitBytes);
      wake();
    },
    cancel: () => {
      cancelled = true;
      wake();
    },
    done: run(),
  };
}

function openMemory({ memory }: FollowRequest): { slabs: Slabs; residents: Residents } | undefined {
  return memory && { slabs: new Slabs(memory.slabs), residents: new Residents(memory.residents) };
}

/** A digest of each range; undefined where the file is too short for it (or is not there). */
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
    for (const { startByte, endByte, algorithm = 'sha256' } of ranges) {
      const hasher = createHasher(algorithm, endByte - startByte);
      let offset = startByte;
      while (offset < endByte && !isCancelled()) {
        const block = readBlock();
        const got = readSync(descriptor, block, 0, Math.min(block.length, endByte - offset), offset);
        if (got === 0) break;
        hasher.update(block.subarray(0, got));
        offset += got;
        await yieldToOthers();
      }
      hashes.push(offset === endByte ? hasher.hex() : undefined);
    }
    return hashes;
  } finally {
    closeSync(descriptor);
  }
}
