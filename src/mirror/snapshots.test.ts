import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ManifestFile } from '../hubs/index.js';
import { weightOf } from './snapshots.js';

const hex = (of: string): string => createHash('sha256').update(of).digest('hex');

function listing(count: number, folder = 'train'): ManifestFile[] {
  return Array.from({ length: count }, (_, index) => ({
    path: `${folder}/part-${index % 1000}/sample-${index}.parquet`,
    sizeBytes: index,
    digests: { sha256: hex(`${index}`) },
    gitOid: hex(`oid ${index}`).slice(0, 40),
    xetHash: hex(`xet ${index}`),
  }));
}

test('a long listing counts for its bytes: at least what its strings take, and at most 0.7 KB a file', () => {
  const files = listing(200_000);
  const strings = files.reduce((sum, { path }) => sum + path.length + 64 + 40 + 64, 0);
  const bytes = weightOf({ files });
  expect(bytes).toBeGreaterThan(strings + 200_000 * 200);
  expect(bytes).toBeLessThan(200_000 * 700);
});

test('long names count as such', () => {
  const more = weightOf({ files: listing(1000, 'x'.repeat(900)) }) - weightOf({ files: listing(1000, '') });
  expect(more).toBe(2 * 900 * 1000);
});
