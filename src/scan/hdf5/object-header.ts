import { address, type Blocks, fault, part, u16, u64, u8, unsigned } from './blocks.js';
import { MESSAGE } from './messages.js';

/** One message of an object header. `isShared`: what stands here only says where it is. */
export interface Message {
  readonly type: number;
  readonly isShared: boolean;
  readonly bytes: Buffer;
}

interface Span {
  readonly at: number;
  readonly length: number;
}

const CHECKSUM_BYTES = 4;

/** The messages of an object header of either version, with all that continue it. @throws FormatFault */
export async function messagesOf(blocks: Blocks, at: number): Promise<readonly Message[]> {
  const head = await blocks.read(at, 16, 'object header');
  if (head.toString('latin1', 0, 4) === 'OHDR') return newMessages(blocks, at, head);
  if (u8(head, 0) !== 1) throw fault(`an object header at ${at} that is not read here`);
  return spansOf(blocks, { at: at + 16, length: head.readUInt32LE(8) }, (block) => oldMessages(block));
}

async function spansOf(
  blocks: Blocks,
  first: Span,
  read: (block: Buffer, isFirst: boolean) => readonly Message[],
): Promise<readonly Message[]> {
  const found: Message[] = [];
  const spans = [first];
  for (let span = spans.pop(); span !== undefined; span = spans.pop()) {
    if (!blocks.isNew(span.at, 'messages')) throw fault('an object header that leads in circles');
    const block = await blocks.read(span.at, span.length, 'object header');
    for (const message of read(block, span === first)) {
      found.push(message);
      const { type, bytes } = message;
      if (type === MESSAGE.continuation) spans.push({ at: address(bytes, 0), length: u64(bytes, 8) ?? NaN });
    }
  }
  return found.filter(({ type }) => type !== MESSAGE.continuation);
}

function oldMessages(block: Buffer): readonly Message[] {
  const found: Message[] = [];
  for (let at = 0; at + 8 <= block.length;) {
    const length = u16(block, at + 2);
    found.push({ type: u16(block, at), isShared: (u8(block, at + 4) & 2) !== 0, bytes: part(block, at + 8, length) });
    at += 8 + length;
  }
  return found;
}

/** Version 2: parts end in a checksum, which who opens the file compares. */
async function newMessages(blocks: Blocks, at: number, head: Buffer): Promise<readonly Message[]> {
  const flags = u8(head, 5);
  if (u8(head, 4) !== 2 || (flags & 0xc0) !== 0) throw fault(`an object header at ${at} that is not read here`);
  const sizeAt = 6 + (flags & 32 ? 16 : 0) + (flags & 16 ? 4 : 0);
  const width = 1 << (flags & 3);
  const prefix = await blocks.read(at, sizeAt + width, 'object header');
  const length = unsigned(prefix, sizeAt, width) + CHECKSUM_BYTES;
  const headBytes = flags & 4 ? 6 : 4;
  return spansOf(blocks, { at: at + prefix.length, length }, (block, isFirst) => {
    if (!isFirst && block.toString('latin1', 0, 4) !== 'OCHK') throw fault(`no object header goes on at ${at}`);
    const found: Message[] = [];
    const end = block.length - CHECKSUM_BYTES;
    let from = isFirst ? 0 : 4;
    while (from + headBytes <= end) {
      const bytes = u16(block, from + 1);
      if (from + headBytes + bytes > end) throw fault(`a message that goes beyond its header at ${at}`);
      const isShared = (u8(block, from + 3) & 2) !== 0;
      found.push({ type: u8(block, from), isShared, bytes: part(block, from + headBytes, bytes) });
      from += headBytes + bytes;
    }
    return found;
  });
}
