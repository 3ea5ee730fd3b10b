import { randomBytes } from 'node:crypto';
import { access, link, mkdtemp, open, rm, statfs, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DiskFacts } from '../facts.js';
import { failureOf } from '../failure.js';
import { PROBES } from '../limits.js';

const BLOCK_BYTES = 2 ** 20;

/** Writes into a folder of its own below `path` (or the nearest folder above that exists) and removes it. */
export async function probeDisk(path: string, signal: AbortSignal): Promise<DiskFacts> {
  const base = await existing(path);
  let folder: string | undefined;
  let facts: DiskFacts = { path };
  try {
    const { bavail, bsize } = await statfs(base);
    facts = { ...facts, freeBytes: bavail * bsize };
    folder = await mkdtemp(join(base, '.sluice-doctor-'));
    const bytes = Math.min(PROBES.diskBytes, Math.floor((bavail * bsize) / 8 / BLOCK_BYTES) * BLOCK_BYTES);
    if (bytes >= BLOCK_BYTES)
      facts = { ...facts, writeBytesPerSecond: await timeWriting(join(folder, 'data'), bytes, signal) };
    facts = { ...facts, syncMs: await timeSync(join(folder, 'small')) };
    const works = async (attempt: () => Promise<void>): Promise<boolean> => attempt().then(...yesOrNo);
    const [small, other] = [join(folder, 'small'), join(folder, 'other')];
    return {
      ...facts,
      hardLinks: await works(() => link(small, other)),
      symlinks: await works(() => symlink(small, `${other}.link`)),
    };
  } catch (thrown) {
    signal.throwIfAborted();
    return { ...facts, failure: failureOf(thrown) };
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

const yesOrNo = [() => true, () => false] as const;

/** Until the disk has them: what stays in memory says nothing of the disk. Random bytes, which no file system can make smaller. */
async function timeWriting(path: string, sizeBytes: number, signal: AbortSignal): Promise<number> {
  const block = randomBytes(BLOCK_BYTES);
  const file = await open(path, 'wx');
  try {
    const startedMs = performance.now();
    for (let at = 0; at < sizeBytes; at += BLOCK_BYTES) {
      signal.throwIfAborted();
      await file.write(block, 0, BLOCK_BYTES, at);
    }
    await file.datasync();
    return (sizeBytes / (performance.now() - startedMs)) * 1000;
  } finally {
    await file.close();
  }
}

async function timeSync(path: string): Promise<number> {
  const file = await open(path, 'wx');
  try {
    await file.write('x');
    const startedMs = performance.now();
    await file.sync();
    return performance.now() - startedMs;
  } finally {
    await file.close();
  }
}

/** The folder itself is not made: nothing is left behind that was not asked for. */
async function existing(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    try {
      await access(at);
      return at;
    } catch {
      if (dirname(at) === at) return at;
    }
  }
}
