import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { unless } from '../files/errors.js';
import { inFolder } from '../files/write-atomic.js';
import { temporaryName } from '../files/temporary-name.js';
import { parseRecord, type LeaseRecord } from './lease-record.js';

/** A lease as another process finds it. `record` is undefined while it is being written, or when it is broken. */
export interface LeaseSighting {
  readonly record: LeaseRecord | undefined;
  readonly mtimeNs: bigint;
}

export async function observeLease(path: string): Promise<LeaseSighting | undefined> {
  const found = await unless(stat(path, { bigint: true }));
  const text = await unless(readFile(path, 'utf8'));
  if (found === undefined || text === undefined) return undefined;
  return { record: parseRecord(text), mtimeNs: found.mtimeNs };
}

/** Milliseconds since the lease was last written, by the clock of the file system that it stands on. */
export async function silenceMs(sighting: LeaseSighting, tmp: string): Promise<number> {
  const probe = temporaryName(tmp);
  try {
    await inFolder(tmp, () => writeFile(probe, '.'));
    const { mtimeNs } = await stat(probe, { bigint: true });
    return Number((mtimeNs - sighting.mtimeNs) / 1_000_000n);
  } finally {
    await rm(probe, { force: true });
  }
}

export function sameSighting(one: LeaseSighting, other: LeaseSighting): boolean {
  return one.mtimeNs === other.mtimeNs && one.record?.token === other.record?.token;
}
