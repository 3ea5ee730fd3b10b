import { FormatFault } from '../format-fault.js';
import type { Attribution, ByteSource } from '../port.js';
import { BLOCK_BYTES, decode, parseHeader, type TarHeader } from './header.js';
import { parsePax, type PaxValues } from './pax.js';

export interface TarMember {
  readonly name: string;
  /** The header's letter: `0` a file, `5` a folder, others that nothing should unpack. */
  readonly type: string;
  readonly headerStartByte: number;
  readonly dataStartByte: number;
  readonly sizeBytes: number;
}

export interface TarArchive {
  readonly members: readonly TarMember[];
  /** Of headers, paddings and the end. */
  readonly attributions: readonly Attribution[];
  /** Why it could not be read on. */
  readonly fault?: FormatFault;
}

const MOST_MEMBERS = 100_000;
const MOST_EXTENDED_BYTES = 2 ** 20;
/** What octal digits cannot say. */
const LEAST_WIDE_BYTES = 8 ** 11;
const END_BLOCK_BYTES = 2 ** 20;

/** Reads the members in order. Broken archives give those in front of the break: a reader has unpacked them by then. */
export async function readTar(bytes: ByteSource): Promise<TarArchive> {
  const reader = new TarReader(bytes);
  try {
    await reader.read();
  } catch (thrown) {
    if (!(thrown instanceof FormatFault)) throw thrown;
    return { members: reader.members, attributions: reader.attributions, fault: thrown };
  }
  return { members: reader.members, attributions: reader.attributions };
}

class TarReader {
  readonly members: TarMember[] = [];
  readonly attributions: Attribution[] = [];
  private at = 0;
  /** From extended headers, for the next member. */
  private pax: PaxValues | undefined;
  private longName: string | undefined;

  constructor(private readonly bytes: ByteSource) {}

  async read(): Promise<void> {
    for (;;) {
      const block = await this.block();
      if (block.every((byte) => byte === 0)) return this.readEnd();
      const headerStartByte = this.at;
      const header = parseHeader(block);
      this.at += BLOCK_BYTES;
      if (header.type === 'x') this.pax = this.once(this.pax, parsePax(await this.extended(header)));
      else if (header.type === 'g') this.checkGlobal(parsePax(await this.extended(header)));
      else if (header.type === 'L') this.longName = this.once(this.longName, longNameOf(await this.extended(header)));
      else await this.member(header, headerStartByte);
    }
  }

  private async block(): Promise<Buffer> {
    if (this.at + BLOCK_BYTES > this.bytes.sizeBytes) throw fault('no end');
    return this.bytes.read(this.at, BLOCK_BYTES);
  }

  private async member({ name, type, sizeBytes }: TarHeader, headerStartByte: number): Promise<void> {
    if (this.members.length === MOST_MEMBERS) throw new FormatFault('LIMIT-HIT', `more than ${MOST_MEMBERS} members`);
    const size = this.sizeOf(sizeBytes);
    if (this.pax?.path !== undefined && this.longName !== undefined) throw fault('a member with two long names');
    // Links, devices and folders have no bytes, whatever they say: readers differ in whether they skip them.
    if (!isFile(type) && size > 0) throw fault(`${size} bytes of something that is no file`);
    const dataStartByte = this.at;
    if (dataStartByte + size > this.bytes.sizeBytes) throw fault('a member beyond the file');
    const member = {
      name: this.pax?.path ?? this.longName ?? name,
      type,
      headerStartByte,
      dataStartByte,
      sizeBytes: size,
    };
    this.members.push(member);
    this.claim(headerStartByte, dataStartByte);
    this.pax = undefined;
    this.longName = undefined;
    this.at = dataStartByte + size;
    await this.pad();
  }

  /** Readers differ in which size they take, where both could be meant. */
  private sizeOf(sizeBytes: number): number {
    const wide = this.pax?.sizeBytes;
    if (wide === undefined || wide === sizeBytes) return sizeBytes;
    if (sizeBytes !== 0 || wide < LEAST_WIDE_BYTES) throw fault('two sizes of one member');
    return wide;
  }

  private async extended({ sizeBytes }: TarHeader): Promise<Buffer> {
    if (sizeBytes > MOST_EXTENDED_BYTES) throw new FormatFault('LIMIT-HIT', `an extended header of ${sizeBytes} bytes`);
    if (this.at + sizeBytes > this.bytes.sizeBytes) throw fault('an extended header beyond the file');
    const content = await this.bytes.read(this.at, sizeBytes);
    this.claim(this.at - BLOCK_BYTES, this.at + sizeBytes);
    this.at += sizeBytes;
    await this.pad();
    return content;
  }

  private checkGlobal(values: PaxValues): void {
    if (Object.keys(values).length > 0) throw fault('one name or size for all members');
  }

  private once<T>(before: T | undefined, now: T): T {
    if (before !== undefined) throw fault('two extended headers for one member');
    return now;
  }

  private async pad(): Promise<void> {
    const end = Math.min(Math.ceil(this.at / BLOCK_BYTES) * BLOCK_BYTES, this.bytes.sizeBytes);
    if (end === this.at) return;
    const padding = await this.bytes.read(this.at, end - this.at);
    if (padding.every((byte) => byte === 0)) this.claim(this.at, end, 'padding');
    this.at = end;
  }

  /** Two blocks of zeros, and nothing else behind them: some readers go on. */
  private async readEnd(): Promise<void> {
    if (this.pax !== undefined || this.longName !== undefined) throw fault('an extended header without a member');
    if (this.bytes.sizeBytes - this.at < 2 * BLOCK_BYTES) throw fault('half an end');
    for (let at = this.at; at < this.bytes.sizeBytes; at += END_BLOCK_BYTES) {
      const block = await this.bytes.read(at, Math.min(END_BLOCK_BYTES, this.bytes.sizeBytes - at));
      if (block.some((byte) => byte !== 0)) throw fault('something behind the end');
    }
    this.claim(this.at, this.bytes.sizeBytes, 'padding');
  }

  private claim(startByte: number, endByte: number, what = 'tar header'): void {
    this.attributions.push({ startByte, endByte, what });
  }
}

export function isFile(type: string): boolean {
  return type === '0' || type === '\0';
}

function longNameOf(content: Buffer): string {
  const end = content.indexOf(0);
  if (end !== content.length - 1) throw fault('a long name with something behind it');
  return decode(content.subarray(0, end));
}

function fault(reason: string): FormatFault {
  return new FormatFault('TAR-HEADER', reason);
}
