import { open, readFile, rm } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { errnoOf } from '../../base/index.js';
import { unless } from '../files/errors.js';
import { formatRecord, parseRecord, type LeaseRecord } from './lease-record.js';
import type { LeaseTiming } from './lease-timing.js';

/** A lease that this process holds, with its heartbeat running. */
export interface HeldLease {
  /** Fires when somebody else took the lease, or when the file system would not let us keep it. */
  readonly lost: AbortSignal;
  /** Asks the file system. */
  isOurs(): Promise<boolean>;
  /** Ends the heartbeat and removes the lease, if it is still ours. */
  release(): Promise<void>;
}

/** Keeps the lease file that was just made with `record` in it alive. */
export function holdLease(path: string, record: LeaseRecord, timing: LeaseTiming): HeldLease {
  const loss = new AbortController();
  let lastBeatMs = performance.now();
  let beating: Promise<void> = Promise.resolve();
  const beat = async (): Promise<void> => {
    try {
      if (!(await rewrite(path, record))) loss.abort();
      else lastBeatMs = performance.now();
    } catch {
      // A hiccup of the file system: only silence that others may act upon counts.
      if (performance.now() - lastBeatMs > timing.staleMs) loss.abort();
    }
    if (loss.signal.aborted) clearInterval(timer);
  };
  const timer = setInterval(() => {
    beating = beating.then(beat);
  }, timing.heartbeatMs);
  timer.unref();
  return {
    lost: loss.signal,
    isOurs: async () => !loss.signal.aborted && (await isOurs(path, record)),
    release: async () => {
      clearInterval(timer);
      await beating;
      if (!loss.signal.aborted && (await isOurs(path, record))) await rm(path, { force: true });
    },
  };
}

/**
 * Writes the same content into the lease again: the file system's own clock then says when. (utimes would write this
 * machine's clock.) Opened anew each time, because closing is what makes network file systems tell the others;
 * written through the handle whose token was checked, so that a successor's lease is never touched.
 */
async function rewrite(path: string, record: LeaseRecord): Promise<boolean> {
  try {
    const handle = await open(path, 'r+');
    try {
      if (parseRecord(await handle.readFile('utf8'))?.token !== record.token) return false;
      const bytes = Buffer.from(formatRecord(record));
      await handle.write(bytes, 0, bytes.length, 0);
      return true;
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return false;
    throw thrown;
  }
}

async function isOurs(path: string, record: LeaseRecord): Promise<boolean> {
  const text = await unless(readFile(path, 'utf8'));
  return text !== undefined && parseRecord(text)?.token === record.token;
}
