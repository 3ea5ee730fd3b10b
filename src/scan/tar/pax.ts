import { FormatFault } from '../format-fault.js';
import { decode } from './header.js';

/** What an extended header (POSIX.1-2024 pax) says of the next member that readers act on. */
export interface PaxValues {
  readonly path?: string;
  readonly sizeBytes?: number;
}

/** Those that say nothing about where a member's bytes are, or what it is called. */
const HARMLESS = /^(?:[amc]time|uid|gid|uname|gname|comment|LIBARCHIVE\.creationtime|SCHILY\.(?:dev|ino|nlink))$/;

/** @throws FormatFault TAR-HEADER for records that not all readers know, or take alike */
export function parsePax(bytes: Buffer): PaxValues {
  const seen = new Set<string>();
  let values: PaxValues = {};
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const digits = space < 0 ? '' : bytes.toString('latin1', at, space);
    if (!/^[1-9]\d{0,7}$/.test(digits)) throw fault('a record without its length');
    const end = at + Number(digits);
    const equals = bytes.indexOf(0x3d, space);
    if (end > bytes.length || bytes[end - 1] !== 0x0a || equals < 0 || equals >= end)
      throw fault('a record of another length than it says');
    const key = bytes.toString('latin1', space + 1, equals);
    const value = decode(bytes.subarray(equals + 1, end - 1));
    if (seen.has(key)) throw fault(`${key} twice`);
    seen.add(key);
    if (key === 'path') values = { ...values, path: value };
    else if (key === 'size') values = { ...values, sizeBytes: sizeOf(value) };
    else if (!HARMLESS.test(key)) throw fault(`a record ${JSON.stringify(key)}`);
    at = end;
  }
  return values;
}

function sizeOf(value: string): number {
  const size = /^(?:0|[1-9]\d*)$/.test(value) ? Number(value) : NaN;
  if (!Number.isSafeInteger(size)) throw fault('a size that is none');
  return size;
}

function fault(reason: string): FormatFault {
  return new FormatFault('TAR-HEADER', `in an extended header: ${reason}`);
}
