import { FormatFault } from '../format-fault.js';
import type { ByteSource, Format, FormatScan, ScanContext } from '../port.js';
import { ScanReport } from '../report.js';
import { sliceOf } from '../sources.js';
import { joined } from './joined.js';
import { KEPT_BYTES, unpack } from './inflate.js';

const MOST_MEMBERS = 1_000;
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const MOST_HEADER_BYTES = 128 * 1024;
/** RFC 1952, 2.3.1. */
const FLAGS = { headerCrc: 0x02, extra: 0x04, name: 0x08, comment: 0x10, reserved: 0xe0 } as const;
const LATIN_TEXT = /^[\t\n\r\u0020-\u007e\u00a0-\u00ff]*$/;

/** Members of gzip, one behind the other, which all readers take for one stream. What they hold is scanned by its content. */
export const gzipFormat: Format = {
  format: 'gzip',
  claims: (start) => start.length >= 3 && start.readUIntBE(0, 3) === 0x1f8b08,
  async scan(bytes: ByteSource, context: ScanContext): Promise<FormatScan> {
    const report = new ScanReport(context);
    const parts: ByteSource[] = [];
    let [at, kept] = [0, 0];
    while (at < bytes.sizeBytes && (at === 0 || (await isMember(bytes, at)))) {
      if (parts.length === MOST_MEMBERS)
        throw new FormatFault('LIMIT-HIT', `more than ${MOST_MEMBERS} members of gzip`);
      const member = await readMember(bytes, at, KEPT_BYTES - kept, report);
      parts.push(member.bytes);
      kept += Math.min(member.bytes.sizeBytes, KEPT_BYTES - kept);
      at = member.endByte;
      if (!member.isWhole) break;
    }
    await claimZeros(bytes, at, report);
    report.include(await context.scanInside(joined(parts), context.name.replace(/\.t?gz$/i, '') || 'unpacked'));
    return report.result('gzip');
  },
};

async function isMember(bytes: ByteSource, at: number): Promise<boolean> {
  return at + 3 <= bytes.sizeBytes && (await bytes.read(at, 3)).readUIntBE(0, 3) === 0x1f8b08;
}

interface Member {
  readonly bytes: ByteSource;
  readonly endByte: number;
  readonly isWhole: boolean;
}

async function readMember(bytes: ByteSource, at: number, keptBytes: number, report: ScanReport): Promise<Member> {
  const dataAt = await claimHeader(bytes, at, report);
  const unpacked = await unpack(sliceOf(bytes, dataAt, bytes.sizeBytes - dataAt), 'deflate', { keptBytes });
  const trailerAt = dataAt + unpacked.packedBytes;
  const endByte = Math.min(bytes.sizeBytes, trailerAt + TRAILER_BYTES);
  if (unpacked.fault === 'ratio') {
    const evidence = 'more than 200 times as long unpacked';
    report.find('PACKED-RATIO', evidence, { verdict: 'NOT_SCANNED', offsetBytes: at });
    return { bytes: unpacked.bytes, endByte: bytes.sizeBytes, isWhole: false };
  }
  const isWhole = unpacked.fault === undefined && endByte === trailerAt + TRAILER_BYTES;
  const trailer = isWhole ? await bytes.read(trailerAt, TRAILER_BYTES) : undefined;
  const isProven =
    trailer?.readUInt32LE(0) === unpacked.crc32 && trailer.readUInt32LE(4) === unpacked.bytes.sizeBytes % 2 ** 32;
  report.claim(at, dataAt, 'gzip header');
  report.claim(dataAt, endByte, 'packed bytes');
  if (!isProven) {
    const evidence = isWhole ? 'other bytes than its checksum says' : 'it breaks off';
    report.find('PACKED-FAULT', evidence, { verdict: 'ERROR', offsetBytes: at });
  }
  return { bytes: unpacked.bytes, endByte, isWhole };
}

/** Where the packed bytes begin. Fields that could hold anything stay unclaimed. */
async function claimHeader(bytes: ByteSource, at: number, report: ScanReport): Promise<number> {
  const header = await bytes.read(at, Math.min(MOST_HEADER_BYTES, bytes.sizeBytes - at));
  const fault = (reason: string): never => {
    throw new FormatFault('PACKED-FAULT', reason);
  };
  if (header.length < HEADER_BYTES) return fault('a header of gzip that breaks off');
  const flags = header.readUInt8(3);
  if ((flags & FLAGS.reserved) !== 0) return fault('a header of gzip with flags that mean nothing');
  let end = HEADER_BYTES;
  if ((flags & FLAGS.extra) !== 0 || (flags & FLAGS.headerCrc) !== 0) {
    report.find('PACKED-FAULT', 'a header of gzip with more than a name', { verdict: 'NOT_SCANNED', offsetBytes: at });
    if ((flags & FLAGS.extra) !== 0) end += 2 + (end + 2 <= header.length ? header.readUInt16LE(end) : fault('no end'));
  }
  for (const flag of [FLAGS.name, FLAGS.comment]) {
    if ((flags & flag) === 0) continue;
    const zero = header.indexOf(0, end);
    if (zero < 0) return fault('a name without an end');
    if (!LATIN_TEXT.test(header.toString('latin1', end, zero))) fault('a name that is no text');
    end = zero + 1;
  }
  if ((flags & FLAGS.headerCrc) !== 0) end += 2;
  return end <= header.length ? at + end : fault('a header of gzip that breaks off');
}

/** Tapes are filled up with zeros; readers pass over nothing else. */
async function claimZeros(bytes: ByteSource, at: number, report: ScanReport): Promise<void> {
  const restBytes = bytes.sizeBytes - at;
  if (restBytes === 0) return;
  const rest = await bytes.read(at, Math.min(restBytes, MOST_HEADER_BYTES));
  if (rest.length === restBytes && rest.every((byte) => byte === 0)) report.claim(at, bytes.sizeBytes, 'padding');
  else report.find('PACKED-FAULT', `${restBytes} bytes behind the end`, { verdict: 'ERROR', offsetBytes: at });
}
