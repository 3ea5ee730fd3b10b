import { createHash } from 'node:crypto';
import { chmod, lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { BlobProof, LeaseTiming } from '../index.js';

/** A folder that is gone when the test is. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-store-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export const FAST_LEASE: LeaseTiming = { heartbeatMs: 40, staleMs: 400, confirmMs: 100, pollMs: 10 };

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function gitIdOf(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

export function proofOf(bytes: Uint8Array, pieceBytes?: number): BlobProof {
  const sha256 = sha256Of(bytes);
  const proof = { sha256, sizeBytes: bytes.length, digests: { sha256, gitSha1: gitIdOf(bytes) } };
  if (pieceBytes === undefined) return proof;
  const count = Math.ceil(bytes.length / pieceBytes);
  const pieces = Array.from({ length: count }, (_, index) =>
    sha256Of(bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes)),
  );
  return { ...proof, pieces: { pieceBytes, digests: pieces } };
}

/** Every file, link and empty folder below, with sizes and link targets left out. */
export async function namesBelow(folder: string, prefix = ''): Promise<readonly string[]> {
  const names: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const name = `${prefix}${entry.name}`;
    if (entry.isDirectory()) names.push(...(await namesBelow(join(folder, entry.name), `${name}/`)));
    else names.push(name);
  }
  return names.sort();
}

export async function modeOf(path: string): Promise<number> {
  return (await lstat(path)).mode & 0o777;
}

export async function makeWritable(path: string): Promise<void> {
  await chmod(path, 0o644);
}
