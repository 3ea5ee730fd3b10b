import { crc32 } from 'node:zlib';
import { partsOf, unpack } from '../gzip/inflate.js';
import type { ByteSource } from '../port.js';
import type { RuleId } from '../rules.js';
import { sliceOf } from '../sources.js';
import type { ZipFault, ZipMember } from './archive.js';
import { FLAGS, METHODS } from './records.js';

export interface OpenedMember {
  /** What a reader would get that passes over flags and checksums; undefined where nobody here can unpack it. */
  readonly bytes?: ByteSource;
  readonly faults: readonly ZipFault[];
}

const ENCRYPTED = FLAGS.encrypted | FLAGS.strong | FLAGS.masked;

/**
 * A member's bytes. What is deflated is unpacked to its end first, in bounded memory, which proves its length.
 * @param isCrcChecked a stored member is then read whole.
 */
export async function openMember(
  archive: ByteSource,
  member: ZipMember,
  { isCrcChecked }: { readonly isCrcChecked: boolean },
): Promise<OpenedMember> {
  const faults: ZipFault[] = [];
  const fault = (rule: RuleId, verdict: 'ERROR' | 'NOT_SCANNED', evidence: string): void => {
    faults.push({ rule, verdict, evidence, member: member.name, offsetBytes: member.dataStartByte });
  };
  const { flags, method, packedBytes, sizeBytes } = member;
  const isEncrypted = (flags & ENCRYPTED) !== 0 || member.isAes;
  if (isEncrypted) fault('ZIP-ENCRYPTED', 'NOT_SCANNED', 'said to be encrypted');
  if ((flags & FLAGS.patch) !== 0) fault('ZIP-METHOD', 'NOT_SCANNED', 'said to be a patch of another file');
  const packed = sliceOf(archive, member.dataStartByte, packedBytes);
  if (method === METHODS.stored) {
    if (packedBytes !== sizeBytes && !isEncrypted)
      fault('ZIP-HEADER-MISMATCH', 'ERROR', `stored, with ${packedBytes} bytes for ${sizeBytes}`);
    if (isCrcChecked && (await crcOf(packed)) !== member.crc32 && !isEncrypted) crcFault();
    return { bytes: packed, faults };
  }
  if (method !== METHODS.deflated) {
    fault('ZIP-METHOD', 'NOT_SCANNED', `packed by method ${method}`);
    return { faults };
  }
  const unpacked = await unpack(packed, 'deflate', { mostBytes: sizeBytes });
  if (unpacked.fault === 'ratio') {
    const evidence = `more than 200 times as long unpacked as its ${packedBytes} bytes`;
    fault('PACKED-RATIO', 'NOT_SCANNED', evidence);
    return { faults };
  }
  // What a reader gets before it breaks has been loaded by then.
  const isWhole =
    unpacked.fault === undefined && unpacked.packedBytes === packedBytes && unpacked.bytes.sizeBytes === sizeBytes;
  if (!isWhole && !isEncrypted) fault('ZIP-HEADER-MISMATCH', 'ERROR', 'does not unpack to what its sizes say');
  else if (unpacked.crc32 !== member.crc32 && !isEncrypted) crcFault();
  return { bytes: unpacked.bytes, faults };

  function crcFault(): void {
    fault('ZIP-CRC', 'ERROR', 'other bytes than its CRC-32 says; some readers do not look');
  }
}

async function crcOf(bytes: ByteSource): Promise<number> {
  let crc = 0;
  for await (const part of partsOf(bytes)) crc = crc32(part, crc);
  return crc;
}
