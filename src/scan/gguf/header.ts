import { FormatFault } from '../format-fault.js';
import { BeyondPrefix, Cursor } from './cursor.js';
import { GGML_TYPES } from './types.js';
import { readValue, type GgufValue } from './values.js';

export interface GgufTensor {
  readonly name: string;
  /** As `GGML_TYPES` names it. */
  readonly type: string;
  readonly shape: readonly number[];
  readonly elements: number;
  /** In the part behind the header. */
  readonly startByte: number;
  readonly sizeBytes: number;
}

export interface GgufHeader {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly GgufTensor[];
  /** Of places of tensors, in bytes. */
  readonly alignment: number;
  /** Without the padding behind it; undefined as `dataStartByte`. */
  readonly headerBytes?: number;
  /** Where the tensors' bytes begin; undefined where the header goes on beyond the bytes that were given. */
  readonly dataStartByte?: number;
}

const MAGIC = 'GGUF';
const MOST_ENTRIES = 1_000_000;
const MOST_NAME_BYTES = 64 * 1024;
const MOST_DIMENSIONS = 4;
const USUAL_ALIGNMENT = 32;
const MOST_ALIGNMENT = 2 ** 20;

/**
 * The header of a GGUF file of `fileBytes`, as far as it stands in the first bytes of it: with all of it in `prefix`, tensors lie inside the file
 * and beside each other; with less, what was read so far is given. Versions 2 and 3, little-endian.
 * @throws FormatFault GGUF-…
 */
export function parseGgufHeader(prefix: Buffer, fileBytes: number): GgufHeader {
  const cursor = new Cursor(prefix, fileBytes);
  const metadata = new Map<string, GgufValue>();
  const tensors: GgufTensor[] = [];
  let version = 0;
  let alignment = USUAL_ALIGNMENT;
  try {
    if (cursor.bytes(4).toString('latin1') !== MAGIC) throw new FormatFault('GGUF-MAGIC', 'no GGUF');
    version = cursor.u32();
    if (version !== 2 && version !== 3) throw new FormatFault('GGUF-VERSION', `version ${version}`);
    const tensorCount = cursor.count(MOST_ENTRIES, 'tensors');
    const entryCount = cursor.count(MOST_ENTRIES, 'entries');
    for (let entry = 0; entry < entryCount; entry += 1) {
      const key = cursor.string(MOST_NAME_BYTES);
      if (metadata.has(key)) throw new FormatFault('GGUF-VALUE', `${key} is there twice`);
      metadata.set(key, readValue(cursor));
    }
    alignment = alignmentOf(metadata);
    for (let tensor = 0; tensor < tensorCount; tensor += 1) tensors.push(readTensor(cursor, alignment));
    const dataStartByte = Math.ceil(cursor.at / alignment) * alignment;
    assertBeside(tensors, fileBytes - dataStartByte);
    return { version, metadata, tensors, alignment, headerBytes: cursor.at, dataStartByte };
  } catch (thrown) {
    if (!(thrown instanceof BeyondPrefix)) throw thrown;
    return { version, metadata, tensors, alignment };
  }
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>): number {
  const value = metadata.get('general.alignment') ?? USUAL_ALIGNMENT;
  if (typeof value !== 'number' || value < 1 || value > MOST_ALIGNMENT || !Number.isInteger(Math.log2(value)))
    throw new FormatFault('GGUF-VALUE', 'an alignment that is no power of two');
  return value;
}

function readTensor(cursor: Cursor, alignment: number): GgufTensor {
  const name = cursor.string(MOST_NAME_BYTES);
  const fault = (reason: string): FormatFault => new FormatFault('GGUF-TENSOR', `${name}: ${reason}`);
  const dimensions = cursor.u32();
  if (dimensions > MOST_DIMENSIONS) throw fault(`${dimensions} dimensions`);
  const shape = Array.from({ length: dimensions }, () => cursor.count(Number.MAX_SAFE_INTEGER, 'elements'));
  const typeNumber = cursor.u32();
  const startByte = cursor.count(Number.MAX_SAFE_INTEGER, 'as the place of a tensor');
  const known = GGML_TYPES.get(typeNumber);
  if (known === undefined) throw fault(`type ${typeNumber}`);
  const [type, blockElements, blockBytes] = known;
  const elements = shape.reduce((product, size) => product * size, 1);
  const sizeBytes = (elements / blockElements) * blockBytes;
  if (!Number.isSafeInteger(elements) || !Number.isSafeInteger(sizeBytes))
    throw fault('a shape that its type cannot have');
  // Rows are made of whole blocks.
  if ((shape[0] ?? 1) % blockElements !== 0) throw fault('a row that ends within a block');
  if (startByte % alignment !== 0) throw fault('a place that is not aligned');
  return { name, type, shape, elements, startByte, sizeBytes };
}

function assertBeside(tensors: readonly GgufTensor[], dataBytes: number): void {
  const names = new Set(tensors.map(({ name }) => name));
  if (names.size < tensors.length) throw new FormatFault('GGUF-TENSOR', 'a name that is there twice');
  let at = 0;
  for (const { name, startByte, sizeBytes } of [...tensors].sort((one, other) => one.startByte - other.startByte)) {
    if (startByte < at) throw new FormatFault('GGUF-TENSOR', `${name} lies in another tensor`);
    at = startByte + sizeBytes;
    if (at > dataBytes) throw new FormatFault('GGUF-TENSOR', `${name} ends beyond the file`);
  }
}
