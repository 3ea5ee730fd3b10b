import { type Blocks, fault, part, u64, u8, unsigned } from './blocks.js';
import { chunkOf, extensibleArray, fixedArray } from './chunk-arrays.js';
import { childrenOf } from './tree.js';
import { recordsOf } from './tree2.js';

const CHUNK_TREE_HALF = 32;
const [COMPACT, CONTIGUOUS, CHUNKED, VIRTUAL] = [0, 1, 2, 3];
const [SINGLE, IMPLICIT, FIXED, EXTENSIBLE, TREE] = [1, 2, 3, 4, 5];
const [PLAIN_CHUNKS, PACKED_CHUNKS] = [10, 11];
/** Filter mask behind a chunk's length. */
const MASK_BYTES = 4;
const DATA = 'tensor data';

/** Claims where a dataset keeps its numbers, by its layout and its space. @returns what of it lies outside of the file @throws FormatFault */
export async function claimData(blocks: Blocks, layout: Buffer, space: Buffer | undefined): Promise<string[]> {
  const [version, kind] = [u8(layout, 0), u8(layout, 1)];
  // 5 is of HDF5 2.0: as 4, and lengths of packed chunks take 8 bytes.
  if (version < 3 || version > 5) throw fault(`a layout ${version}, which is not read here`);
  if (kind === COMPACT) return [];
  if (kind === CONTIGUOUS) {
    const at = u64(layout, 2);
    if (at !== undefined) blocks.claim(at, u64(layout, 10) ?? NaN, DATA);
    return [];
  }
  if (kind === VIRTUAL && version > 3) return ['a virtual dataset'];
  if (kind !== CHUNKED) throw fault(`a layout of kind ${kind}`);
  const take = (at: number, length: number): void => {
    if (blocks.isNew(at, 'chunk')) blocks.claim(at, length, DATA);
  };
  if (version > 3) {
    await newChunks(blocks, layout, space, take);
    return [];
  }
  const root = u64(layout, 3);
  const shape = { type: 1, keyBytes: 8 + 8 * u8(layout, 2), half: CHUNK_TREE_HALF } as const;
  if (root !== undefined)
    for await (const { child, key } of childrenOf(blocks, root, shape)) take(child, key.readUInt32LE(0));
  return [];
}

async function newChunks(
  blocks: Blocks,
  layout: Buffer,
  space: Buffer | undefined,
  take: (at: number, length: number) => void,
): Promise<void> {
  const [version, flags, rank, width] = [u8(layout, 0), u8(layout, 2), u8(layout, 3), u8(layout, 4)];
  if (rank < 2 || width < 1 || width > 8) throw fault(`chunks of ${rank} axes`);
  // The last axis is the bytes of an element.
  const sides = Array.from({ length: rank }, (_, axis) => unsigned(layout, 5 + axis * width, width));
  const chunkBytes = sides.reduce((product, side) => product * side, 1);
  if (!(chunkBytes >= 1 && Number.isSafeInteger(chunkBytes))) throw fault(`chunks of ${chunkBytes} bytes`);
  const lengthBytes = version === 5 ? 8 : Math.min(8, 1 + Math.floor((Math.floor(Math.log2(chunkBytes)) + 8) / 8));
  const kindAt = 5 + rank * width;
  const more = kindAt + 1;
  /** An entry's length tells whether it says how long its chunk is. */
  const each = (plainBytes: number) => (entry: Buffer) => {
    const isPacked = entry.length > plainBytes;
    if (isPacked && entry.length < plainBytes + lengthBytes + MASK_BYTES) throw fault('a chunk of unknown length');
    const chunk = chunkOf(entry, isPacked ? lengthBytes : 0);
    if (chunk !== undefined) take(chunk.at, chunk.length ?? chunkBytes);
  };
  switch (u8(layout, kindAt)) {
    case SINGLE: {
      const isPacked = (flags & 2) !== 0;
      const at = u64(layout, isPacked ? more + 8 + MASK_BYTES : more);
      if (at !== undefined) take(at, isPacked ? unsigned(layout, more, 8) : chunkBytes);
      return;
    }
    case IMPLICIT: {
      const at = u64(layout, more);
      if (at !== undefined) take(at, chunkCount(space, sides.slice(0, -1)) * chunkBytes);
      return;
    }
    case FIXED: {
      const at = u64(layout, more + 1);
      if (at !== undefined) await fixedArray(blocks, at, each(8));
      return;
    }
    case EXTENSIBLE: {
      const at = u64(layout, more + 5);
      if (at !== undefined) await extensibleArray(blocks, at, each(8));
      return;
    }
    case TREE: {
      const at = u64(layout, more + 6);
      const axesBytes = 8 * (rank - 1);
      if (at === undefined) return;
      const { found } = await recordsOf(blocks, at, [PLAIN_CHUNKS, PACKED_CHUNKS]);
      for (const record of found) each(8)(part(record, 0, record.length - axesBytes));
      return;
    }
    default:
      throw fault(`chunks by an index of the kind ${u8(layout, kindAt)}`);
  }
}

/** How many chunks a dataset of fixed size has. */
function chunkCount(space: Buffer | undefined, sides: readonly number[]): number {
  if (space === undefined) throw fault('a dataset without a space');
  const [version, rank, flags] = [u8(space, 0), u8(space, 1), u8(space, 2)];
  if ((version !== 1 && version !== 2) || rank !== sides.length) throw fault('a space that is not that of its chunks');
  const from = (version === 1 ? 8 : 4) + (flags & 1 ? 8 * rank : 0);
  return sides.reduce((count, side, axis) => count * Math.ceil((u64(space, from + 8 * axis) ?? NaN) / side), 1);
}

/** Where an information message keeps the addresses of a heap and its indexes: links and attributes that are many. */
export function denseOf(message: Buffer, orderBytes: 2 | 8): { heap: number; indexes: readonly number[] } | undefined {
  if (u8(message, 0) !== 0) throw fault('links or attributes of an unknown version');
  const flags = u8(message, 1);
  const at = 2 + (flags & 1 ? orderBytes : 0);
  const heap = u64(message, at);
  const indexes = [u64(message, at + 8), flags & 2 ? u64(message, at + 16) : undefined];
  if (heap === undefined) return undefined;
  return { heap, indexes: indexes.filter((each) => each !== undefined) };
}
