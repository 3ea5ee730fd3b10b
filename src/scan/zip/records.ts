import { FormatFault } from '../format-fault.js';

/** The records of APPNOTE.TXT 6.3.10, sections 4.3 and 4.5, as they stand: nothing in them is believed here. */
export const SIGNATURES = {
  local: 0x04034b50,
  central: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
  descriptor: 0x08074b50,
} as const;

export const LOCAL_BYTES = 30;
export const CENTRAL_BYTES = 46;
export const END_BYTES = 22;
export const END64_BYTES = 56;
export const LOCATOR64_BYTES = 20;
export const UINT16 = 0xffff;
export const UINT32 = 0xffffffff;

export const FLAGS = {
  encrypted: 0x1,
  descriptor: 0x8,
  patch: 0x20,
  strong: 0x40,
  utf8: 0x800,
  masked: 0x2000,
} as const;
export const METHODS = { stored: 0, deflated: 8 } as const;

/** What the local header and the central directory both say. */
export interface Described {
  readonly flags: number;
  readonly method: number;
  readonly crc32: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  readonly name: Buffer;
  readonly extra: readonly ExtraField[];
  readonly zip64?: Buffer;
  /** Of the record, with name, extra fields and comment. */
  readonly recordBytes: number;
}

export interface CentralRecord extends Described {
  readonly attributes: number;
  readonly disk: number;
  readonly localStartByte: number;
  readonly comment: Buffer;
}

export interface ExtraField {
  readonly id: number;
  readonly content: Buffer;
  /** In the record. */
  readonly startByte: number;
}

const ZIP64 = 0x0001;

/** @throws FormatFault ZIP-DIRECTORY */
export function parseCentral(bytes: Buffer, at: number): CentralRecord {
  if (at + CENTRAL_BYTES > bytes.length || bytes.readUInt32LE(at) !== SIGNATURES.central)
    throw new FormatFault('ZIP-DIRECTORY', `no entry of the directory ${at} bytes into it`);
  const nameBytes = bytes.readUInt16LE(at + 28);
  const extraBytes = bytes.readUInt16LE(at + 30);
  const commentBytes = bytes.readUInt16LE(at + 32);
  const recordBytes = CENTRAL_BYTES + nameBytes + extraBytes + commentBytes;
  if (at + recordBytes > bytes.length) throw new FormatFault('ZIP-DIRECTORY', 'an entry beyond the directory');
  const extraAt = at + CENTRAL_BYTES + nameBytes;
  const extra = parseExtra(bytes.subarray(extraAt, extraAt + extraBytes), CENTRAL_BYTES + nameBytes);
  const raw = {
    sizeBytes: bytes.readUInt32LE(at + 24),
    packedBytes: bytes.readUInt32LE(at + 20),
    localStartByte: bytes.readUInt32LE(at + 42),
    disk: bytes.readUInt16LE(at + 34),
  };
  const zip64 = zip64Of(extra);
  return {
    flags: bytes.readUInt16LE(at + 8),
    method: bytes.readUInt16LE(at + 10),
    crc32: bytes.readUInt32LE(at + 16),
    ...widened(raw, zip64),
    attributes: bytes.readUInt32LE(at + 38),
    name: bytes.subarray(at + CENTRAL_BYTES, extraAt),
    extra,
    ...(zip64 && { zip64 }),
    comment: bytes.subarray(extraAt + extraBytes, at + recordBytes),
    recordBytes,
  };
}

/** The fixed part of a local header says how long all of it is. @throws FormatFault ZIP-HEADER-MISMATCH */
export function localRecordBytes(fixed: Buffer): number {
  if (fixed.readUInt32LE(0) !== SIGNATURES.local)
    throw new FormatFault('ZIP-HEADER-MISMATCH', 'no local header where the directory says');
  return LOCAL_BYTES + fixed.readUInt16LE(26) + fixed.readUInt16LE(28);
}

/** A whole local header; sizes as they stand, zip64's in `zip64`. @throws FormatFault ZIP-DIRECTORY */
export function parseLocal(bytes: Buffer): Described {
  const nameBytes = bytes.readUInt16LE(26);
  const extra = parseExtra(bytes.subarray(LOCAL_BYTES + nameBytes), LOCAL_BYTES + nameBytes);
  const zip64 = zip64Of(extra);
  return {
    flags: bytes.readUInt16LE(6),
    method: bytes.readUInt16LE(8),
    crc32: bytes.readUInt32LE(14),
    packedBytes: bytes.readUInt32LE(18),
    sizeBytes: bytes.readUInt32LE(22),
    name: bytes.subarray(LOCAL_BYTES, LOCAL_BYTES + nameBytes),
    extra,
    ...(zip64 && { zip64 }),
    recordBytes: bytes.length,
  };
}

function parseExtra(bytes: Buffer, startByte: number): ExtraField[] {
  const fields: ExtraField[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 <= bytes.length ? at + 4 + bytes.readUInt16LE(at + 2) : Infinity;
    if (end > bytes.length) throw new FormatFault('ZIP-DIRECTORY', 'an extra field beyond its header');
    fields.push({ id: bytes.readUInt16LE(at), content: bytes.subarray(at + 4, end), startByte: startByte + at });
    at = end;
  }
  return fields;
}

function zip64Of(extra: readonly ExtraField[]): Buffer | undefined {
  const found = extra.filter(({ id }) => id === ZIP64);
  if (found.length > 1) throw new FormatFault('ZIP-DIRECTORY', 'sizes of zip64 that are there twice');
  return found[0]?.content;
}

interface Raw {
  readonly sizeBytes: number;
  readonly packedBytes: number;
  readonly localStartByte: number;
  readonly disk: number;
}

/** Zip64 holds exactly what does not fit, in this order. With more or less in it readers disagree. */
function widened(raw: Raw, zip64: Buffer | undefined): Raw {
  let at = 0;
  const wide = (value: number): number => {
    if (value !== UINT32) return value;
    if (zip64 === undefined || at + 8 > zip64.length)
      throw new FormatFault('ZIP-DIRECTORY', 'a size without its zip64');
    const found = safeUInt64(zip64, at);
    at += 8;
    return found;
  };
  const sizeBytes = wide(raw.sizeBytes);
  const packedBytes = wide(raw.packedBytes);
  const localStartByte = wide(raw.localStartByte);
  let { disk } = raw;
  if (disk === UINT16 && zip64 !== undefined && at + 4 <= zip64.length) {
    disk = zip64.readUInt32LE(at);
    at += 4;
  }
  if (zip64 !== undefined && at !== zip64.length)
    throw new FormatFault('ZIP-DIRECTORY', 'zip64 says more than what does not fit');
  return { sizeBytes, packedBytes, localStartByte, disk };
}

/** @throws FormatFault ZIP-DIRECTORY beyond 2^53 */
export function safeUInt64(bytes: Buffer, at: number): number {
  const value = bytes.readBigUInt64LE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new FormatFault('ZIP-DIRECTORY', `a place or size of ${value}`);
  return Number(value);
}
