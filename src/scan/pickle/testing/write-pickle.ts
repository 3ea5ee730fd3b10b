import { stream } from './streams.js';

/** What the writer knows; bytes are Buffers, tuples arrays under a name. */
export type Data =
  | null
  | boolean
  | bigint
  | number
  | string
  | Buffer
  | readonly Data[]
  | { readonly tuple: readonly Data[] }
  | { readonly dict: readonly (readonly [Data, Data])[] };

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function write(value: Data): Buffer {
  if (value === null) return stream('N');
  if (typeof value === 'boolean') return stream(value ? 0x88 : 0x89);
  if (typeof value === 'bigint') return long(value);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    return stream('G', bytes);
  }
  if (typeof value === 'string') return stream('X', u32(Buffer.byteLength(value)), Buffer.from(value));
  if (Buffer.isBuffer(value)) return stream('B', u32(value.length), value);
  if ('tuple' in value) return stream('(', ...value.tuple.map(write), 't');
  if ('dict' in value) return stream('}(', ...value.dict.flatMap((pair) => pair.map(write)), 'u');
  return stream('](', ...value.map(write), 'e');
}

function long(value: bigint): Buffer {
  if (value >= 0n && value < 256n) return stream('K', Number(value));
  if (value >= -(2n ** 31n) && value < 2n ** 31n) return stream('J', u32(Number(BigInt.asUintN(32, value))));
  let length = 1;
  while (BigInt.asIntN(length * 8, value) !== value) length += 1;
  const hex = BigInt.asUintN(length * 8, value)
    .toString(16)
    .padStart(length * 2, '0');
  return stream(0x8a, length, Buffer.from(hex, 'hex').reverse());
}

/** A pickle of these data, of protocol 3. */
export function writePickle(value: Data): Buffer {
  return stream(0x80, 3, write(value), '.');
}
