import { crc32 as zlibCrc32 } from 'node:zlib';

/** Continues from `state` (0 to begin) over `bytes`; returns the new state, which is also the CRC so far. */
export type Crc = (bytes: Uint8Array, state?: number) => number;

/** CRC-32 (ISO-HDLC): zlib, gzip, PNG. Check value of "123456789" is cbf43926. 4 to 6 GB/s a core, with instructions made for it. */
export const crc32: Crc = (bytes, state = 0) => zlibCrc32(bytes, state);

/** CRC-32C (Castagnoli, RFC 3720): object stores, our journal. Check value of "123456789" is e3069283. */
export const crc32c: Crc = createCrc(0x82f63b78);

/** The CRC-32 of two parts one behind the other, from theirs; as zlib's `crc32_combine`, by squaring the effect of a zero byte. */
export function combineCrc32(first: number, second: number, secondBytes: number): number {
  let crc = first;
  let power = ONE_ZERO_BYTE;
  for (let left = secondBytes; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) crc = timesModulo(crc, power);
    power = timesModulo(power, power);
  }
  return (crc ^ second) >>> 0;
}

const CRC_32_POLYNOMIAL = 0xedb88320;
/** x^8, the coefficient of x^0 in the highest bit. */
const ONE_ZERO_BYTE = 0x80000000 >>> 8;

/** The product of two polynomials modulo that of CRC-32, all bits reflected. */
function timesModulo(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = 31; bit >= 0; bit -= 1) {
    if (((a >>> bit) & 1) === 1) product ^= shifted;
    shifted = (shifted & 1) === 1 ? (shifted >>> 1) ^ CRC_32_POLYNOMIAL : shifted >>> 1;
  }
  return product >>> 0;
}

/** A CRC as eight lower-case hex digits. */
export function crcHex(crc: number): string {
  return (crc >>> 0).toString(16).padStart(8, '0');
}

/** A reflected CRC-32, table-driven, eight bytes a step (slicing-by-8). */
function createCrc(polynomial: number): Crc {
  const table = slices(polynomial);
  const at = (slice: number, index: number): number => table[(slice << 8) | index] ?? 0;
  return (bytes, state = 0) => {
    let crc = ~state;
    let index = 0;
    for (const end = bytes.length - 7; index < end; index += 8) {
      crc ^=
        (bytes[index] ?? 0) |
        ((bytes[index + 1] ?? 0) << 8) |
        ((bytes[index + 2] ?? 0) << 16) |
        ((bytes[index + 3] ?? 0) << 24);
      crc =
        at(7, crc & 0xff) ^
        at(6, (crc >>> 8) & 0xff) ^
        at(5, (crc >>> 16) & 0xff) ^
        at(4, crc >>> 24) ^
        at(3, bytes[index + 4] ?? 0) ^
        at(2, bytes[index + 5] ?? 0) ^
        at(1, bytes[index + 6] ?? 0) ^
        at(0, bytes[index + 7] ?? 0);
    }
    for (; index < bytes.length; index += 1) crc = (crc >>> 8) ^ at(0, (crc ^ (bytes[index] ?? 0)) & 0xff);
    return ~crc >>> 0;
  };
}

/** `table[k * 256 + b]`: the effect of byte `b` followed by `k` zero bytes. */
function slices(polynomial: number): Int32Array {
  const table = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    table[byte] = crc;
  }
  for (let index = 256; index < table.length; index += 1) {
    const before = table[index - 256] ?? 0;
    table[index] = (before >>> 8) ^ (table[before & 0xff] ?? 0);
  }
  return table;
}
