import { FormatFault } from '../format-fault.js';
import type { Attribution, ByteSource, Verdict } from '../port.js';
import type { RuleId } from '../rules.js';
import { findZipEnd, type ZipEnd } from './end.js';
import { attributeRecord, hasOtherName } from './extra.js';
import { placeMember } from './local.js';
import { decodeName, hostileName, isSpecialFile, nameKey } from './names.js';
import { ReadAhead } from './read-ahead.js';
import { parseCentral, type CentralRecord } from './records.js';

/** What is wrong with an archive that can be read all the same. */
export interface ZipFault {
  readonly rule: RuleId;
  readonly verdict: Verdict;
  readonly evidence: string;
  readonly member?: string;
  readonly offsetBytes?: number;
}

export interface ZipMember {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly flags: number;
  readonly method: number;
  readonly crc32: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  readonly localStartByte: number;
  readonly dataStartByte: number;
  /** Encrypted by WinZip's AES, which takes the place of the method. */
  readonly isAes: boolean;
}

export interface ZipArchive {
  /** In the order of the directory, which is the one that readers go by; without those whose bytes have no place in the file. */
  readonly members: readonly ZipMember[];
  /** [] says: every reader sees these members, and each byte of the file is theirs or of the archive's own records. */
  readonly faults: readonly ZipFault[];
  /** Of the archive's own records and paddings, not of members. */
  readonly attributions: readonly Attribution[];
  /** Spans between members that nothing points to. */
  readonly gaps: readonly { readonly startByte: number; readonly endByte: number }[];
}

const MOST_ENTRIES = 100_000;
const MOST_DIRECTORY_BYTES = 128 * 2 ** 20;
const ZERO_BLOCK_BYTES = 2 ** 20;

/**
 * Reads an archive by its directory and compares all that is said twice. Members are not opened.
 * @throws FormatFault ZIP-DIRECTORY, LIMIT-HIT where no directory can be read
 */
export async function readZip(bytes: ByteSource): Promise<ZipArchive> {
  const end = await findZipEnd(bytes);
  return new ArchiveReader(bytes, end).read();
}

class ArchiveReader {
  private readonly faults: ZipFault[] = [];
  private readonly attributions: Attribution[] = [];
  private readonly gaps: { startByte: number; endByte: number }[] = [];

  constructor(
    private readonly bytes: ByteSource,
    private readonly end: ZipEnd,
  ) {}

  async read(): Promise<ZipArchive> {
    const records = await this.readDirectory();
    const named = records.map((record) => ({ record, name: this.nameOf(record) }));
    this.checkNames(named);
    const ahead = new ReadAhead(this.bytes);
    const placed = new Map<CentralRecord, ZipMember>();
    let at = 0;
    const inOrder = [...named].sort((one, other) => one.record.localStartByte - other.record.localStartByte);
    for (const { record, name } of inOrder) {
      const { startByte, endByte, member, faults, attributions } = await placeMember(
        ahead,
        record,
        name,
        this.end.centralStartByte,
      );
      this.faults.push(...faults);
      this.attributions.push(...attributions);
      if (member !== undefined) placed.set(record, member);
      if (startByte < at) this.fault('ZIP-OVERLAP', 'lies in another member', name, startByte);
      else await this.closeGap(at, startByte);
      at = Math.max(at, endByte);
    }
    await this.closeGap(at, this.end.centralStartByte);
    this.claimEnd();
    const members = records.flatMap((record) => placed.get(record) ?? []);
    return { members, faults: this.faults, attributions: this.attributions, gaps: this.gaps };
  }

  private async readDirectory(): Promise<CentralRecord[]> {
    const { entries, centralStartByte, centralEndByte } = this.end;
    const centralBytes = centralEndByte - centralStartByte;
    if (entries > MOST_ENTRIES) throw new FormatFault('LIMIT-HIT', `${entries} members`);
    if (centralBytes > MOST_DIRECTORY_BYTES) throw new FormatFault('LIMIT-HIT', `a directory of ${centralBytes} bytes`);
    const directory = await this.bytes.read(centralStartByte, centralBytes);
    const records: CentralRecord[] = [];
    for (let at = 0; at < centralBytes;) {
      if (records.length === entries)
        throw new FormatFault('ZIP-DIRECTORY', `more in the directory than ${entries} entries`);
      const record = parseCentral(directory, at);
      if (record.disk !== 0) throw new FormatFault('ZIP-DIRECTORY', 'an archive in several parts');
      const startByte = centralStartByte + at;
      const ownBytes = record.recordBytes - (isText(record.comment) ? 0 : record.comment.length);
      this.attributions.push(...attributeRecord(startByte, ownBytes, record.extra, 'zip directory'));
      records.push(record);
      at += record.recordBytes;
    }
    if (records.length < entries)
      throw new FormatFault('ZIP-DIRECTORY', `${records.length} entries in a directory of ${entries}`);
    return records;
  }

  private nameOf(record: CentralRecord): string {
    const name = decodeName(record.name, record.flags);
    if (name !== undefined && !hasOtherName(record.extra)) return name;
    const shown = name ?? record.name.toString('latin1');
    this.fault('ZIP-NAME', 'a name that readers read differently', shown);
    return shown;
  }

  private checkNames(named: readonly { readonly record: CentralRecord; readonly name: string }[]): void {
    const seen = new Set<string>();
    for (const { record, name } of named) {
      const hostile = hostileName(name);
      if (hostile !== undefined) this.fault('ZIP-NAME', hostile, name);
      const key = nameKey(name);
      if (seen.has(key)) this.fault('ZIP-NAME', 'a name that is there twice', name);
      seen.add(key);
      if (isSpecialFile(record.attributes)) this.fault('ZIP-LINK', 'a link or device', name);
    }
  }

  private async closeGap(startByte: number, endByte: number): Promise<void> {
    if (startByte >= endByte) return;
    if (await isZero(this.bytes, startByte, endByte)) {
      this.attributions.push({ startByte, endByte, what: 'padding' });
      return;
    }
    this.gaps.push({ startByte, endByte });
    const evidence = `${endByte - startByte} bytes that no member owns`;
    this.faults.push({ rule: 'ZIP-TRAILING', verdict: 'ERROR', evidence, offsetBytes: startByte });
  }

  private claimEnd(): void {
    const { centralEndByte, comment } = this.end;
    const ownEndByte = this.bytes.sizeBytes - (isText(comment) ? 0 : comment.length);
    this.attributions.push({ startByte: centralEndByte, endByte: ownEndByte, what: 'zip directory' });
  }

  private fault(rule: RuleId, evidence: string, member: string, offsetBytes?: number): void {
    const place = offsetBytes === undefined ? {} : { offsetBytes };
    this.faults.push({ rule, verdict: 'ERROR', evidence, member, ...place });
  }
}

/** Comments are read by people. */
function isText(comment: Buffer): boolean {
  return comment.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09);
}

async function isZero(bytes: ByteSource, startByte: number, endByte: number): Promise<boolean> {
  for (let at = startByte; at < endByte; at += ZERO_BLOCK_BYTES) {
    const block = await bytes.read(at, Math.min(ZERO_BLOCK_BYTES, endByte - at));
    if (block.some((byte) => byte !== 0)) return false;
  }
  return true;
}
