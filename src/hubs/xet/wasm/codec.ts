import { BATCH_BYTES, BATCH_RAW_BYTES, CHUNK_HEADER_BYTES, MAX_CHUNK_BYTES, MAX_PACKED_BYTES } from '../limits.js';
import { assemble } from './assemble.js';
import { bg4Kernel } from './bg4-kernel.js';
import {
  CHUNK_END,
  CHUNK_START,
  KEYED_HASH,
  LEAF_BYTES,
  PARENT,
  ROOT,
  compressKernel,
  leavesKernel,
  parentsKernel,
} from './blake3-kernel.js';
import { PATTERN_TABLES_AT, lz4Kernel, patternTables } from './lz4-kernel.js';

/** What this program uses of the global of that name; the types of Node 20 do not have it. */
interface WebAssemblyGlobal {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Exports };
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  lz4(from: number, fromEnd: number, to: number, toLow: number, toEnd: number): number;
  ungroup(from: number, to: number, length: number): number;
  compress(value: number, block: number, counter: number, length: number, flags: number, to: number): number;
  leaves(from: number, fours: number, counter: number, to: number): number;
  parents(from: number, fours: number, counter: number, to: number): number;
}

const HASH_BYTES = 32;
const BLOCK_BYTES = 64;
/** The kernels read and scribble up to 16 bytes behind what they were given. */
const SLACK_BYTES = 64;

const aligned = (at: number): number => Math.ceil(at / 64) * 64;
const KEY_AT = aligned(PATTERN_TABLES_AT + patternTables().length);
const BLOCK_AT = KEY_AT + HASH_BYTES * 2;
const VALUES_AT = BLOCK_AT + BLOCK_BYTES;
const GROUPS_AT = aligned(VALUES_AT + (MAX_CHUNK_BYTES / LEAF_BYTES) * HASH_BYTES);
const INPUT_AT = aligned(GROUPS_AT + MAX_CHUNK_BYTES + SLACK_BYTES);
const INPUT_BYTES = BATCH_BYTES + CHUNK_HEADER_BYTES + MAX_PACKED_BYTES;
const OUTPUT_AT = aligned(INPUT_AT + INPUT_BYTES + SLACK_BYTES);
const MEMORY_BYTES = OUTPUT_AT + BATCH_RAW_BYTES + SLACK_BYTES;

/**
 * The kernels over one memory of about 2.1 MiB: an input of stored records, an output of raw bytes, room for one chunk in groups. Addresses are those of
 * `memory`. One caller at a time.
 */
export interface Codec {
  readonly memory: Uint8Array;
  readonly inputAt: number;
  readonly inputBytes: number;
  readonly outputAt: number;
  readonly outputBytes: number;
  /** Room for `MAX_CHUNK_BYTES`. */
  readonly groupsAt: number;
  /** Decodes one LZ4 block; gives where its output ends, or -1. See `lz4Kernel`. */
  lz4(from: number, fromEnd: number, to: number, toLow: number, toEnd: number): number;
  /** See `bg4Kernel`. */
  ungroup(from: number, to: number, length: number): void;
  /** BLAKE3's keyed hash of up to `MAX_CHUNK_BYTES` that stand at `at`; the result is the caller's. */
  keyedHash(key: Uint8Array, at: number, length: number): Uint8Array;
}

/** The compiled kernels; may be sent to other threads, which then share the machine code. */
export type CodecModule = object;

const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyGlobal };

/** @throws what WebAssembly throws where SIMD is not to be had */
export function compileCodec(): CodecModule {
  const kernels = [lz4Kernel(), bg4Kernel(), compressKernel(), leavesKernel(KEY_AT), parentsKernel(KEY_AT)];
  return new WebAssembly.Module(assemble(kernels, MEMORY_BYTES, patternTables()));
}

export function createCodec(module: CodecModule): Codec {
  const { exports } = new WebAssembly.Instance(module);
  const memory = new Uint8Array(exports.memory.buffer);
  return {
    memory,
    inputAt: INPUT_AT,
    inputBytes: INPUT_BYTES,
    outputAt: OUTPUT_AT,
    outputBytes: BATCH_RAW_BYTES,
    groupsAt: GROUPS_AT,
    lz4: (from, fromEnd, to, toLow, toEnd) => exports.lz4(from, fromEnd, to, toLow, toEnd),
    ungroup: (from, to, length) => void exports.ungroup(from, to, length),
    keyedHash: (key, at, length) => {
      if (length > MAX_CHUNK_BYTES) throw new RangeError('more than one chunk');
      memory.set(key, KEY_AT);
      return memory.slice(VALUES_AT, VALUES_AT + treeHash(exports, memory, at, length));
    },
  };
}

/** Leaves, then parents level by level: a level's odd last one goes up as it is, which gives the tree of the specification. */
function treeHash(exports: Exports, memory: Uint8Array, at: number, length: number): typeof HASH_BYTES {
  if (length <= LEAF_BYTES) {
    leaf(exports, memory, at, length, 0, ROOT);
    return HASH_BYTES;
  }
  const wholeLeaves = Math.floor(length / LEAF_BYTES);
  const fours = wholeLeaves >>> 2;
  exports.leaves(at, fours, 0, VALUES_AT);
  let count = Math.ceil(length / LEAF_BYTES);
  for (let index = fours * 4; index < count; index += 1) {
    const from = index * LEAF_BYTES;
    leaf(exports, memory, at + from, Math.min(LEAF_BYTES, length - from), index, 0);
  }
  while (count > 2) {
    const pairs = count >>> 1;
    const pairFours = pairs >>> 2;
    exports.parents(VALUES_AT, pairFours, 0, VALUES_AT);
    for (let index = pairFours * 4; index < pairs; index += 1) parent(exports, index, 0);
    if (count % 2 === 1)
      memory.copyWithin(
        VALUES_AT + pairs * HASH_BYTES,
        VALUES_AT + (count - 1) * HASH_BYTES,
        VALUES_AT + count * HASH_BYTES,
      );
    count = pairs + (count % 2);
  }
  parent(exports, 0, ROOT);
  return HASH_BYTES;
}

function parent(exports: Exports, index: number, flags: number): void {
  const from = VALUES_AT + index * BLOCK_BYTES;
  exports.compress(KEY_AT, from, 0, BLOCK_BYTES, KEYED_HASH | PARENT | flags, VALUES_AT + index * HASH_BYTES);
}

/** One leaf of 0 to 1,024 bytes, block by block; the last one padded with zeros. */
function leaf(
  exports: Exports,
  memory: Uint8Array,
  at: number,
  length: number,
  counter: number,
  rootFlag: number,
): void {
  const to = VALUES_AT + counter * HASH_BYTES;
  const blocks = Math.max(1, Math.ceil(length / BLOCK_BYTES));
  for (let index = 0; index < blocks; index += 1) {
    const isLast = index === blocks - 1;
    const bytes = isLast ? length - index * BLOCK_BYTES : BLOCK_BYTES;
    let from = at + index * BLOCK_BYTES;
    if (bytes < BLOCK_BYTES) {
      memory.fill(0, BLOCK_AT, BLOCK_AT + BLOCK_BYTES);
      memory.copyWithin(BLOCK_AT, from, from + bytes);
      from = BLOCK_AT;
    }
    const flags = KEYED_HASH | (index === 0 ? CHUNK_START : 0) | (isLast ? CHUNK_END | rootFlag : 0);
    exports.compress(index === 0 ? KEY_AT : to, from, counter, bytes, flags, to);
  }
}
