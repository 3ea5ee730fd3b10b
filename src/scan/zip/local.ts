import { FormatFault } from '../format-fault.js';
import type { Attribution, ByteSource } from '../port.js';
import type { ZipFault, ZipMember } from './archive.js';
import { attributeRecord, hasOtherName, isAes } from './extra.js';
import {
  FLAGS,
  LOCAL_BYTES,
  SIGNATURES,
  UINT32,
  localRecordBytes,
  parseLocal,
  safeUInt64,
  type CentralRecord,
  type Described,
} from './records.js';

interface Placed {
  readonly startByte: number;
  readonly endByte: number;
  /** Absent where its bytes cannot lie in the file. */
  readonly member?: ZipMember;
  readonly faults: readonly ZipFault[];
  readonly attributions: readonly Attribution[];
}

const WHAT = 'zip header';

/** Where a member's bytes are, by its local header, and what that says otherwise than the directory. The archive's members lie before `mostEndByte`. */
export async function placeMember(
  bytes: ByteSource,
  record: CentralRecord,
  name: string,
  mostEndByte: number,
): Promise<Placed> {
  const startByte = record.localStartByte;
  const fault = (evidence: string): ZipFault => ({
    rule: 'ZIP-HEADER-MISMATCH',
    verdict: 'ERROR',
    evidence,
    member: name,
    offsetBytes: startByte,
  });
  const nowhere = (evidence: string): Placed => {
    const endByte = Math.max(0, Math.min(startByte, mostEndByte));
    return { startByte: endByte, endByte, faults: [fault(evidence)], attributions: [] };
  };
  if (startByte + LOCAL_BYTES > mostEndByte) return nowhere('a local header beyond the members');
  let local: Described;
  try {
    const recordBytes = localRecordBytes(await bytes.read(startByte, LOCAL_BYTES));
    if (startByte + recordBytes > mostEndByte) return nowhere('a local header beyond the members');
    local = parseLocal(await bytes.read(startByte, recordBytes));
  } catch (thrown) {
    if (thrown instanceof FormatFault) return nowhere(thrown.message);
    throw thrown;
  }
  const dataStartByte = startByte + local.recordBytes;
  const dataEndByte = dataStartByte + record.packedBytes;
  if (dataEndByte > mostEndByte) return nowhere('bytes beyond the members');
  const faults = differences(local, record).map(fault);
  const isDirectory = /[/\\]$/.test(name);
  if (isDirectory && record.sizeBytes + record.packedBytes > 0) faults.push(fault('a folder with bytes'));
  const attributions = [...attributeRecord(startByte, local.recordBytes, local.extra, WHAT)];
  let endByte = dataEndByte;
  if ((local.flags & FLAGS.descriptor) !== 0) {
    const descriptorBytes = await findDescriptor(bytes, record, dataEndByte, mostEndByte);
    if (descriptorBytes === undefined) faults.push(fault('no descriptor behind its bytes that says the same'));
    else {
      endByte += descriptorBytes;
      attributions.push({ startByte: dataEndByte, endByte, what: WHAT });
    }
  }
  const { flags, method, crc32, packedBytes, sizeBytes } = record;
  const aes = isAes(record.extra) || isAes(local.extra);
  const member = {
    ...{ name, isDirectory, flags, method, crc32, packedBytes, sizeBytes },
    ...{ localStartByte: startByte, dataStartByte, isAes: aes },
  };
  return { startByte, endByte, member, faults, attributions };
}

function differences(local: Described, record: CentralRecord): string[] {
  const found: string[] = [];
  if (!local.name.equals(record.name)) found.push(`its local header names it ${JSON.stringify(local.name.toString())}`);
  if (hasOtherName(local.extra)) found.push('its local header has a second name');
  if (local.method !== record.method) found.push(`method ${local.method}, and ${record.method} in the directory`);
  if (local.flags !== record.flags) found.push(`flags ${local.flags}, and ${record.flags} in the directory`);
  // With a descriptor, what is not known yet is 0, or left to zip64.
  const isLater = (local.flags & FLAGS.descriptor) !== 0;
  const isSame = (here: number, there: number): boolean => here === there || (isLater && here === 0);
  if (!isSame(local.crc32, record.crc32)) found.push('another CRC-32 than in the directory');
  const sizes = localSizes(local, record.localStartByte);
  if (sizes === undefined) found.push('zip64 that says too little or too much');
  else if (!sizes.every(([size, packed]) => isSame(size, record.sizeBytes) && isSame(packed, record.packedBytes)))
    found.push('other sizes than in the directory');
  return found;
}

/** Each pair of sizes that some reader would take: those of zip64 and, where they stand there, those of the header. PyTorch writes its own place behind them, or alone. */
function localSizes(
  { sizeBytes, packedBytes, zip64 }: Described,
  startByte: number,
): (readonly [number, number])[] | undefined {
  const isWide = sizeBytes === UINT32 || packedBytes === UINT32;
  if (zip64 === undefined) return isWide ? undefined : [[sizeBytes, packedBytes]];
  if (![8, 16, 24].includes(zip64.length)) return undefined;
  const isPlaced = zip64.length % 16 === 8;
  if (isPlaced && safeUInt64(zip64, zip64.length - 8) !== startByte) return undefined;
  if (zip64.length === 8) return isWide ? undefined : [[sizeBytes, packedBytes]];
  const wide = [safeUInt64(zip64, 0), safeUInt64(zip64, 8)] as const;
  const shorts = [sizeBytes === UINT32 ? wide[0] : sizeBytes, packedBytes === UINT32 ? wide[1] : packedBytes] as const;
  return [wide, shorts];
}

/** How long the descriptor is: with or without its signature, with sizes of 4 or 8 bytes. Undefined where none says what the directory says. */
async function findDescriptor(
  bytes: ByteSource,
  { crc32, packedBytes, sizeBytes }: CentralRecord,
  at: number,
  mostEndByte: number,
): Promise<number | undefined> {
  const there = await bytes.read(at, Math.min(24, mostEndByte - at));
  const forms = [true, false].flatMap((isSigned) => [8, 4].map((width) => descriptor(isSigned, width)));
  return forms.find((form) => form.length > 0 && there.subarray(0, form.length).equals(form))?.length;

  function descriptor(isSigned: boolean, width: number): Buffer {
    if (width === 4 && Math.max(packedBytes, sizeBytes) > UINT32) return Buffer.alloc(0);
    const form = Buffer.alloc((isSigned ? 8 : 4) + 2 * width);
    if (isSigned) form.writeUInt32LE(SIGNATURES.descriptor, 0);
    form.writeUInt32LE(crc32, isSigned ? 4 : 0);
    for (const [index, size] of [packedBytes, sizeBytes].entries()) {
      const place = (isSigned ? 8 : 4) + index * width;
      form.writeUInt32LE(size % 2 ** 32, place);
      if (width === 8) form.writeUInt32LE(Math.floor(size / 2 ** 32), place + 4);
    }
    return form;
  }
}
