import type { Digests } from '../../base/index.js';
import { readAlias } from './aliases.js';
import { blobStat } from './blob-state.js';
import { readStamp, stampFits } from './stamps.js';
import type { Layout } from '../layout.js';
import type { BlobState } from '../port.js';

/** Content that somebody wants. */
export interface Wanted {
  readonly digests: Digests;
  readonly sizeBytes: number | undefined;
}

/** What the store has of it. */
export interface Looked {
  readonly state: BlobState;
  /** Set unless it is absent. */
  readonly sha256?: string;
  readonly sizeBytes?: number;
}

const ABSENT: Looked = { state: 'absent' };

/** Finds content by its SHA-256 or, without one, by an alias whose blob has the wanted size. Nothing is hashed. */
export async function lookFor(layout: Layout, { digests, sizeBytes }: Wanted): Promise<Looked> {
  const sha256 = digests.sha256 ?? (await readAlias(layout, digests, sizeBytes));
  const found = sha256 === undefined ? undefined : await blobStat(layout, sha256);
  if (sha256 === undefined || found === undefined) return ABSENT;
  if (digests.sha256 === undefined && sizeBytes !== undefined && found.size !== BigInt(sizeBytes)) return ABSENT;
  const stamp = await readStamp(layout, sha256);
  const state = stamp !== undefined && stampFits(stamp, found) ? 'proven' : 'unproven';
  return { state, sha256, sizeBytes: Number(found.size) };
}
