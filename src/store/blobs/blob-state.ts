import type { BigIntStats } from 'node:fs';
import { calls } from '../files/calls.js';
import type { Layout } from '../layout.js';
import type { BlobState } from '../port.js';
import { readStamp, stampFits } from './stamps.js';

/** One stat and one small read. */
export async function blobState(layout: Layout, sha256: string): Promise<BlobState> {
  const found = await blobStat(layout, sha256);
  if (found === undefined) return 'absent';
  const stamp = await readStamp(layout, sha256);
  return stamp !== undefined && stampFits(stamp, found) ? 'proven' : 'unproven';
}

/** The blob's stat, when a regular file stands at its name. */
export async function blobStat(layout: Layout, sha256: string): Promise<BigIntStats | undefined> {
  const found = await calls.lstatIf(layout.blob(sha256));
  return found?.isFile() === true ? found : undefined;
}
