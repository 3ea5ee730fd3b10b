import { FormatFault } from '../format-fault.js';

export const BLOCK_BYTES = 512;

/** One header of a tar archive (POSIX.1-2024 ustar, GNU), as it stands. */
export interface TarHeader {
  readonly name: string;
  readonly type: string;
  readonly sizeBytes: number;
}

const POSIX = 'ustar\u000000';
const GNU = 'ustar  \u0000';
const MAGIC_AT = 257;

/** Whether a block is a header of tar, by its magic. */
export function isTarHeader(block: Buffer): boolean {
  return block.length >= BLOCK_BYTES && block.toString('latin1', MAGIC_AT, MAGIC_AT + 5) === 'ustar';
}

/** Strictly: fields in which readers differ when they are not as both standards write them are refused. @throws FormatFault TAR-HEADER */
export function parseHeader(block: Buffer): TarHeader {
  const magic = block.toString('latin1', MAGIC_AT, MAGIC_AT + 8);
  if (magic !== POSIX && magic !== GNU) throw fault('a header without the magic of ustar');
  let sum = 0;
  for (const [at, byte] of block.entries()) sum += at >= 148 && at < 156 ? 0x20 : byte;
  if (sum !== numberIn(block, 148, 8)) throw fault('a header with a wrong checksum');
  const prefix = textIn(block, 345, magic === GNU ? 0 : 155);
  if (block.subarray(magic === GNU ? 345 : 500).some((byte) => byte !== 0)) throw fault('something behind the fields');
  const name = textIn(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    type: block.toString('latin1', 156, 157),
    sizeBytes: numberIn(block, 124, 12),
  };
}

/** Text up to a zero or the field's end, and nothing behind it. */
function textIn(block: Buffer, at: number, bytes: number): string {
  const field = block.subarray(at, at + bytes);
  const end = field.indexOf(0);
  if (end >= 0 && field.subarray(end).some((byte) => byte !== 0)) throw fault('something behind a name');
  return decode(end < 0 ? field : field.subarray(0, end));
}

export function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw fault('a name that is not UTF-8');
  }
}

/** Octal digits and then blanks or zeros; GNU's binary form for what that cannot hold. */
function numberIn(block: Buffer, at: number, bytes: number): number {
  const field = block.subarray(at, at + bytes);
  if (field[0] === 0x80) {
    const value = BigInt(`0x${field.toString('hex', 1)}`);
    if (value < 8n ** 11n || value > BigInt(Number.MAX_SAFE_INTEGER))
      throw fault('a size in binary that has no need of it');
    return Number(value);
  }
  const digits = /^ *([0-7]+)[ \0]*$/.exec(field.toString('latin1'))?.[1];
  if (digits === undefined) throw fault('a number that is none');
  return parseInt(digits, 8);
}

function fault(reason: string): FormatFault {
  return new FormatFault('TAR-HEADER', reason);
}
