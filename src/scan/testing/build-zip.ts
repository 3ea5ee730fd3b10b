import { crc32, deflateRawSync } from 'node:zlib';

/** One member as each of the two places says it, and what its bytes are; right where nothing else is given. */
export interface MemberPlan {
  readonly name: string;
  readonly content?: Buffer | string;
  readonly isDeflated?: boolean;
  /** The bytes as they stand in the archive, whatever they unpack to. */
  readonly packed?: Buffer;
  readonly flags?: number;
  readonly method?: number;
  readonly crc32?: number;
  readonly sizeBytes?: number;
  readonly packedBytes?: number;
  readonly attributes?: number;
  readonly extra?: Buffer;
  readonly comment?: string;
  /** Nonzero sizes only behind the bytes, as streams are written. */
  readonly hasDescriptor?: boolean;
  readonly descriptor?: Buffer;
  /** Sizes and place in zip64's field, though they would fit. */
  readonly isZip64?: boolean;
  /** Only what the local header says otherwise. */
  readonly local?: Partial<
    Pick<MemberPlan, 'name' | 'flags' | 'method' | 'crc32' | 'sizeBytes' | 'packedBytes' | 'extra'>
  >;
  /** Takes the place of the real one in the directory. */
  readonly localStartByte?: number;
  /** Not written at all, or not listed. */
  readonly isListed?: boolean;
  readonly isWritten?: boolean;
  /** In front of the local header. */
  readonly before?: Buffer;
}

export interface ZipPlan {
  readonly members: readonly MemberPlan[];
  /** Between the last member and the directory. */
  readonly gap?: Buffer;
  readonly comment?: Buffer;
  readonly isZip64?: boolean;
  /** Numbers of the end record that are not true. */
  readonly end?: Partial<Record<'disk' | 'entries' | 'centralBytes' | 'centralStartByte', number>>;
  readonly end64?: Partial<Record<'entries' | 'centralBytes' | 'centralStartByte', number>>;
}

/** A zip archive by the letter of APPNOTE.TXT, right or wrong as the plan is. */
export function buildZip({ members, gap = Buffer.alloc(0), comment = Buffer.alloc(0), ...plan }: ZipPlan): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  const push = (...more: readonly Buffer[]): void => {
    parts.push(...more);
    at += more.reduce((sum, { length }) => sum + length, 0);
  };
  for (const member of members) {
    push(member.before ?? Buffer.alloc(0));
    const built = buildMember(member, at);
    if (member.isWritten !== false) push(...built.local);
    if (member.isListed !== false) directory.push(built.central);
  }
  push(gap);
  const centralStartByte = at;
  const central = Buffer.concat(directory);
  push(central);
  const truth = { disk: 0, entries: directory.length, centralBytes: central.length, centralStartByte };
  if (plan.isZip64 === true) push(...end64({ ...truth, ...plan.end64 }, at));
  const said = { ...truth, ...plan.end };
  push(
    Buffer.concat([u32(0x06054b50), u16(said.disk), u16(0), u16(said.entries), u16(said.entries)]),
    Buffer.concat([u32(said.centralBytes), u32(said.centralStartByte), u16(comment.length), comment]),
  );
  return Buffer.concat(parts);
}

function buildMember(plan: MemberPlan, at: number): { local: Buffer[]; central: Buffer } {
  const content = Buffer.from(plan.content ?? '');
  const packed = plan.packed ?? (plan.isDeflated === true ? deflateRawSync(content) : content);
  const said = {
    name: plan.name,
    flags: (plan.flags ?? 0) | (plan.hasDescriptor === true ? 8 : 0),
    method: plan.method ?? (plan.isDeflated === true ? 8 : 0),
    crc32: plan.crc32 ?? crc32(content),
    sizeBytes: plan.sizeBytes ?? content.length,
    packedBytes: plan.packedBytes ?? packed.length,
    extra: plan.extra ?? Buffer.alloc(0),
  };
  const early = plan.hasDescriptor === true ? { crc32: 0, sizeBytes: 0, packedBytes: 0 } : {};
  const local = { ...said, ...early, ...plan.local };
  const isWide = plan.isZip64 === true;
  const localStartByte = plan.localStartByte ?? at;
  const wide = isWide
    ? Buffer.concat([u16(1), u16(24), u64(said.sizeBytes), u64(said.packedBytes), u64(localStartByte)])
    : Buffer.alloc(0);
  const wideLocal = isWide
    ? Buffer.concat([u16(1), u16(16), u64(local.sizeBytes), u64(local.packedBytes)])
    : Buffer.alloc(0);
  const head = (of: typeof said, extra: Buffer): Buffer =>
    Buffer.concat([
      ...[u16(20), u16(of.flags), u16(of.method), u32(0), u32(of.crc32)],
      ...[u32(isWide ? 0xffffffff : of.packedBytes), u32(isWide ? 0xffffffff : of.sizeBytes)],
      ...[u16(Buffer.byteLength(of.name)), u16(extra.length)],
    ]);
  const localExtra = Buffer.concat([wideLocal, local.extra]);
  const extra = Buffer.concat([wide, said.extra]);
  const descriptor = Buffer.concat([u32(0x08074b50), u32(said.crc32), u32(said.packedBytes), u32(said.sizeBytes)]);
  const comment = Buffer.from(plan.comment ?? '');
  return {
    local: [
      ...[u32(0x04034b50), head(local, localExtra), Buffer.from(local.name), localExtra, packed],
      plan.hasDescriptor === true ? (plan.descriptor ?? descriptor) : Buffer.alloc(0),
    ],
    central: Buffer.concat([
      ...[u32(0x02014b50), u16(0x031e), head(said, extra)],
      ...[u16(comment.length), u16(0), u16(0), u32(plan.attributes ?? 0), u32(isWide ? 0xffffffff : localStartByte)],
      ...[Buffer.from(said.name), extra, comment],
    ]),
  };
}

function end64(said: Record<'entries' | 'centralBytes' | 'centralStartByte', number>, at: number): Buffer[] {
  const { entries, centralBytes, centralStartByte } = said;
  const record = [u16(0x031e), u16(45), u32(0), u32(0), ...[entries, entries, centralBytes, centralStartByte].map(u64)];
  return [u32(0x06064b50), u64(44), ...record, u32(0x07064b50), u32(0), u64(at), u32(1)];
}

function u16(value: number): Buffer {
  return Buffer.from([value & 0xff, (value >>> 8) & 0xff]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
