import { FormatFault } from '../format-fault.js';
import type { ByteSource } from '../port.js';
import { END64_BYTES, END_BYTES, LOCATOR64_BYTES, SIGNATURES, UINT16, UINT32, safeUInt64 } from './records.js';

/** Where the directory is, by the end of the archive. */
export interface ZipEnd {
  readonly entries: number;
  readonly centralStartByte: number;
  /** Where the first record of the end begins: the directory must reach to here. */
  readonly centralEndByte: number;
  readonly endStartByte: number;
  readonly comment: Buffer;
}

const MOST_COMMENT_BYTES = UINT16;

/**
 * The one end of an archive: the last record of its kind, whose comment is what remains of the file. Archives with two are refused: readers choose
 * differently among them. So are archives in several parts, and those with something in front that moves all places.
 * @throws FormatFault ZIP-DIRECTORY
 */
export async function findZipEnd(bytes: ByteSource): Promise<ZipEnd> {
  const tailBytes = Math.min(bytes.sizeBytes, MOST_COMMENT_BYTES + END_BYTES + LOCATOR64_BYTES + END64_BYTES);
  const tailStartByte = bytes.sizeBytes - tailBytes;
  const tail = await bytes.read(tailStartByte, tailBytes);
  const at = endIn(tail);
  const record = {
    disk: tail.readUInt16LE(at + 4),
    centralDisk: tail.readUInt16LE(at + 6),
    entriesHere: tail.readUInt16LE(at + 8),
    entries: tail.readUInt16LE(at + 10),
    centralBytes: tail.readUInt32LE(at + 12),
    centralStartByte: tail.readUInt32LE(at + 16),
  };
  const comment = tail.subarray(at + END_BYTES);
  const endStartByte = tailStartByte + at;
  const wide = await readEnd64(bytes, tail, at, tailStartByte);
  if (wide !== undefined) assertAgreed(record, wide);
  const centralEndByte = wide?.startByte ?? endStartByte;
  const { disk, centralDisk, entries, entriesHere, centralBytes, centralStartByte } = wide ?? record;
  if (disk !== 0 || centralDisk !== 0 || entriesHere !== entries) throw fault('an archive in several parts');
  if (centralStartByte + centralBytes !== centralEndByte)
    throw fault(
      `a directory from ${centralStartByte} on, of ${centralBytes} bytes, that should end at ${centralEndByte}`,
    );
  return { entries, centralStartByte, centralEndByte, endStartByte, comment };
}

function fault(reason: string): FormatFault {
  return new FormatFault('ZIP-DIRECTORY', reason);
}

function endIn(tail: Buffer): number {
  const signature = Buffer.alloc(4);
  signature.writeUInt32LE(SIGNATURES.end);
  const at = tail.lastIndexOf(signature);
  const reachesEnd = (place: number): boolean =>
    place + END_BYTES <= tail.length && place + END_BYTES + tail.readUInt16LE(place + 20) === tail.length;
  if (at < 0 || !reachesEnd(at)) throw fault('no end of an archive at the end of the file');
  for (let other = tail.indexOf(signature); other < at; other = tail.indexOf(signature, other + 1))
    if (reachesEnd(other)) throw fault('two ends of an archive');
  return at;
}

type Numbers = Record<'disk' | 'centralDisk' | 'entriesHere' | 'entries' | 'centralBytes' | 'centralStartByte', number>;

async function readEnd64(
  bytes: ByteSource,
  tail: Buffer,
  endAt: number,
  tailStartByte: number,
): Promise<(Numbers & { startByte: number }) | undefined> {
  const locatorAt = endAt - LOCATOR64_BYTES;
  if (locatorAt < 0 || tail.readUInt32LE(locatorAt) !== SIGNATURES.locator64) return undefined;
  const startByte = safeUInt64(tail, locatorAt + 8);
  // Without anything between them: what is longer than the version of 1 is for encryption.
  if (startByte + END64_BYTES !== tailStartByte + locatorAt) throw fault('the end of zip64 is not where it belongs');
  if (tail.readUInt32LE(locatorAt + 4) !== 0 || tail.readUInt32LE(locatorAt + 16) > 1)
    throw fault('an archive in several parts');
  const end = await bytes.read(startByte, END64_BYTES);
  if (end.readUInt32LE(0) !== SIGNATURES.end64 || safeUInt64(end, 4) !== END64_BYTES - 12)
    throw fault('no end of zip64 where it is said to be');
  return {
    startByte,
    disk: end.readUInt32LE(16),
    centralDisk: end.readUInt32LE(20),
    entriesHere: safeUInt64(end, 24),
    entries: safeUInt64(end, 32),
    centralBytes: safeUInt64(end, 40),
    centralStartByte: safeUInt64(end, 48),
  };
}

/** What fits into the short record must stand there, too: readers differ in which they ask first. */
function assertAgreed(short: Numbers, wide: Numbers): void {
  const isAgreed = (name: keyof Numbers, most: number): boolean => short[name] === wide[name] || short[name] === most;
  const areShorts = (['disk', 'centralDisk', 'entriesHere', 'entries'] as const).every((name) =>
    isAgreed(name, UINT16),
  );
  const areLongs = (['centralBytes', 'centralStartByte'] as const).every((name) => isAgreed(name, UINT32));
  if (!areShorts || !areLongs) throw fault('the two ends of zip64 do not agree');
}
