import type { Content } from '../content.js';
import { GEAR_START } from './chunker.js';
import type { Crew } from './crew.js';
import type { PackedChunks, XetCompression } from './pack.js';

const BLOCK_BYTES = 4 * 1024 * 1024;
/** hf_xet decides about compression once for so many chunks. */
const GROUP_CHUNKS = 32;

/** Neighbouring chunks of a file. */
export interface ChunkGroup extends PackedChunks {
  /** Of the chunks, uncompressed. */
  readonly lengths: readonly number[];
}

/** The chunks of a file in order, in groups. Reads ahead by no more than the crew can work on. */
export async function* cutContent(
  content: Content,
  crew: Crew,
  compression: XetCompression,
): AsyncGenerator<ChunkGroup> {
  const underway: Promise<ChunkGroup>[] = [];
  for await (const { offset, lengths } of groupLengths(content, crew)) {
    const bytes = content.read(offset, sum(lengths));
    const packed = crew.pack({ type: 'pack', bytes, lengths, compression });
    const group = packed.then((done) => ({ ...done, lengths }));
    group.catch(() => undefined);
    underway.push(group);
    const oldest = underway.length >= crew.width ? underway.shift() : undefined;
    if (oldest !== undefined) yield await oldest;
  }
  for (const group of underway) yield await group;
}

interface GroupLengths {
  readonly offset: number;
  readonly lengths: readonly number[];
}

async function* groupLengths(content: Content, crew: Crew): AsyncGenerator<GroupLengths> {
  let state = GEAR_START;
  let lengths: number[] = [];
  let offset = 0;
  for (let at = 0; at < content.sizeBytes; at += BLOCK_BYTES) {
    const bytes = content.read(at, Math.min(BLOCK_BYTES, content.sizeBytes - at));
    const cuts = await crew.cut({ type: 'cut', bytes, state });
    state = cuts.state;
    lengths.push(...cuts.lengths);
    if (at + BLOCK_BYTES >= content.sizeBytes && state.chunkBytes > 0) lengths.push(state.chunkBytes);
    for (; lengths.length >= GROUP_CHUNKS; lengths = lengths.slice(GROUP_CHUNKS)) {
      const group = lengths.slice(0, GROUP_CHUNKS);
      yield { offset, lengths: group };
      offset += sum(group);
    }
  }
  if (lengths.length > 0) yield { offset, lengths };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
