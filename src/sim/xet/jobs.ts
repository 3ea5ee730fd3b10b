import { cutBlock, type Cuts, type GearState } from './chunker.js';
import { packChunks, type PackedChunks, type XetCompression } from './pack.js';

/** The two kinds of work that cost time; both depend on nothing but what they are given. */
export interface CutJob {
  readonly type: 'cut';
  readonly bytes: Uint8Array;
  readonly state: GearState;
}

export interface PackJob {
  readonly type: 'pack';
  readonly bytes: Uint8Array;
  readonly lengths: readonly number[];
  readonly compression: XetCompression;
}

export type Job = CutJob | PackJob;
export type Done = Cuts | PackedChunks;

export function doJob(job: Job): Done {
  return job.type === 'cut' ? cutBlock(job.bytes, job.state) : packChunks(job.bytes, job.lengths, job.compression);
}
