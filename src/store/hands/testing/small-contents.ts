import { createHash } from 'node:crypto';

export interface SmallContent {
  readonly bytes: Buffer;
  readonly sha256: string;
  readonly gitSha1: string;
}

/** Small files of 0 to 40,000 bytes in memory that threads share, the same ones for the same seed. */
export function smallContents(seed: string, count: number): readonly SmallContent[] {
  return Array.from({ length: count }, (_, index) => {
    const sizeBytes = (index * 7919) % 40_001;
    const unit = createHash('sha256').update(`${seed} ${index}`).digest();
    const bytes = Buffer.from(new SharedArrayBuffer(sizeBytes)).fill(unit);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const gitSha1 = createHash('sha1').update(`blob ${sizeBytes}\0`).update(bytes).digest('hex');
    return { bytes, sha256, gitSha1 };
  });
}
