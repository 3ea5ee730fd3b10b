import { FormatFault } from '../format-fault.js';
import type { Cursor } from './cursor.js';

export type GgufScalar = string | number | bigint | boolean;

/** `items` is absent for arrays longer than `KEPT_ITEMS`, such as vocabularies. */
export interface GgufArray {
  readonly length: number;
  readonly items?: readonly GgufScalar[];
}

export type GgufValue = GgufScalar | GgufArray;

const MOST_STRING_BYTES = 64 * 2 ** 20;
const MOST_ITEMS = 16 * 2 ** 20;
const KEPT_ITEMS = 1024;
const STRING = 8;
const ARRAY = 9;

/** By the numbers of the format (docs/gguf.md of ggml): how long, and how read. */
const SCALARS: ReadonlyMap<number, readonly [bytes: number, read: (bytes: Buffer) => GgufScalar]> = new Map<
  number,
  readonly [number, (bytes: Buffer) => GgufScalar]
>([
  [0, [1, (bytes) => bytes.readUInt8()]],
  [1, [1, (bytes) => bytes.readInt8()]],
  [2, [2, (bytes) => bytes.readUInt16LE()]],
  [3, [2, (bytes) => bytes.readInt16LE()]],
  [4, [4, (bytes) => bytes.readUInt32LE()]],
  [5, [4, (bytes) => bytes.readInt32LE()]],
  [6, [4, (bytes) => bytes.readFloatLE()]],
  [7, [1, truth]],
  [10, [8, (bytes) => bytes.readBigUInt64LE()]],
  [11, [8, (bytes) => bytes.readBigInt64LE()]],
  [12, [8, (bytes) => bytes.readDoubleLE()]],
]);

function truth(bytes: Buffer): boolean {
  const value = bytes.readUInt8();
  if (value > 1) throw new FormatFault('GGUF-VALUE', `a truth of ${value}`);
  return value === 1;
}

/** One value of the metadata. Arrays in arrays, which nothing writes, are refused. @throws FormatFault GGUF-… */
export function readValue(cursor: Cursor): GgufValue {
  const type = cursor.u32();
  if (type !== ARRAY) return readScalar(cursor, type);
  const itemType = cursor.u32();
  const length = cursor.count(MOST_ITEMS, 'items of an array');
  if (length > KEPT_ITEMS) {
    skipItems(cursor, itemType, length);
    return { length };
  }
  return { length, items: Array.from({ length }, () => readScalar(cursor, itemType)) };
}

function readScalar(cursor: Cursor, type: number): GgufScalar {
  if (type === STRING) return cursor.string(MOST_STRING_BYTES);
  const [bytes, read] = scalar(type);
  return read(cursor.bytes(bytes));
}

function skipItems(cursor: Cursor, type: number, length: number): void {
  if (type !== STRING) {
    cursor.skip(scalar(type)[0] * length);
    return;
  }
  for (let item = 0; item < length; item += 1) cursor.skip(cursor.count(MOST_STRING_BYTES, 'bytes of a string'));
}

function scalar(type: number): readonly [bytes: number, read: (bytes: Buffer) => GgufScalar] {
  const found = SCALARS.get(type);
  if (found === undefined) throw new FormatFault('GGUF-VALUE', `a value of type ${type}`);
  return found;
}
