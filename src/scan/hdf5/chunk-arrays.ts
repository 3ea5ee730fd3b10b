import { address, type Blocks, fault, part, u64, u8, unsigned } from './blocks.js';

/** One place in an array of chunks, as it stands there: an address, and of packed chunks their length. */
export type TakeEntry = (entry: Buffer) => void;

const CHECKSUM_BYTES = 4;

/** Whether a bit is set, the highest of a byte first. */
const isSet = (bits: Buffer, index: number): boolean => (u8(bits, index >> 3) & (0x80 >> (index & 7))) !== 0;

/** The chunks of a dataset whose size is fixed. @throws FormatFault */
export async function fixedArray(blocks: Blocks, at: number, take: TakeEntry): Promise<void> {
  const head = await blocks.signed(at, 28, 'FAHD');
  if (u8(head, 4) !== 0) throw fault('an array of an unknown version');
  const [entryBytes, pageBits, count] = [u8(head, 6), u8(head, 7), u64(head, 8) ?? NaN];
  const place = u64(head, 16);
  if (entryBytes < 8 || pageBits > 32) throw fault(`an array of entries of ${entryBytes} bytes`);
  if (place === undefined) return;
  const perPage = 2 ** pageBits;
  const pages = count > perPage ? Math.ceil(count / perPage) : 0;
  const bitmapBytes = Math.ceil(pages / 8);
  const whole = pages === 0 ? count * entryBytes : 0;
  const block = await blocks.signed(place, 14 + bitmapBytes + whole + CHECKSUM_BYTES, 'FADB');
  if (pages === 0) {
    entriesOf(part(block, 14, whole), entryBytes, take);
    return;
  }
  const bits = part(block, 14, bitmapBytes);
  let from = place + block.length;
  for (let page = 0; page < pages; page += 1) {
    const entries = Math.min(perPage, count - page * perPage);
    const bytes = await blocks.read(from, entries * entryBytes + CHECKSUM_BYTES, 'FADB');
    if (isSet(bits, page)) entriesOf(bytes.subarray(0, -CHECKSUM_BYTES), entryBytes, take);
    from += bytes.length;
  }
}

/** The chunks of a dataset that grows along one axis. @throws FormatFault */
export async function extensibleArray(blocks: Blocks, at: number, take: TakeEntry): Promise<void> {
  const head = await blocks.signed(at, 72, 'EAHD');
  const [entryBytes, bits, own, least, pointers, pageBits] = [...part(head, 6, 6)] as FixedSix;
  const isPower = [least, pointers].every((each) => each > 0 && Number.isInteger(Math.log2(each)));
  if (u8(head, 4) !== 0 || entryBytes < 8 || bits > 64 || pageBits > 32 || !isPower)
    throw fault('an array of chunks of no possible shape');
  const place = u64(head, 60);
  if (place === undefined) return;
  const offsetBytes = Math.ceil(bits / 8);
  const perPage = 2 ** pageBits;
  const dataBlock = async (from: number, entries: number, isInit: (page: number) => boolean): Promise<void> => {
    const isPaged = entries > perPage;
    const whole = isPaged ? 0 : entries * entryBytes;
    const block = await blocks.signed(from, 14 + offsetBytes + whole + CHECKSUM_BYTES, 'EADB');
    if (!isPaged) {
      entriesOf(part(block, 14 + offsetBytes, whole), entryBytes, take);
      return;
    }
    let next = from + block.length;
    for (let page = 0; page < entries / perPage; page += 1) {
      const bytes = await blocks.read(next, perPage * entryBytes + CHECKSUM_BYTES, 'EADB');
      if (isInit(page)) entriesOf(bytes.subarray(0, -CHECKSUM_BYTES), entryBytes, take);
      next += bytes.length;
    }
  };
  const superBlocks = 1 + bits - Math.log2(least);
  const inIndex = Math.min(2 * Math.log2(pointers), superBlocks);
  const shape = (row: number) => ({ blocks: 2 ** (row >> 1), entries: 2 ** ((row + 1) >> 1) * least });
  const direct = Array.from({ length: inIndex }, (_, row) => shape(row)).flatMap(({ blocks: count, entries }) =>
    Array<number>(count).fill(entries),
  );
  const further = superBlocks - inIndex;
  const ownBytes = own * entryBytes;
  const index = await blocks.signed(place, 14 + ownBytes + (direct.length + further) * 8 + CHECKSUM_BYTES, 'EAIB');
  entriesOf(part(index, 14, ownBytes), entryBytes, take);
  let from = 14 + ownBytes;
  for (const entries of direct) {
    const block = u64(index, from);
    from += 8;
    if (block !== undefined) await dataBlock(block, entries, () => true);
  }
  for (let row = inIndex; row < superBlocks; row += 1, from += 8) {
    const block = u64(index, from);
    if (block === undefined) continue;
    const { blocks: count, entries } = shape(row);
    const pages = entries > perPage ? entries / perPage : 0;
    const bitmapBytes = count * Math.ceil(pages / 8);
    const prefix = 14 + offsetBytes + bitmapBytes;
    const bytes = await blocks.signed(block, prefix + count * 8 + CHECKSUM_BYTES, 'EASB');
    const bitmap = part(bytes, 14 + offsetBytes, bitmapBytes);
    for (let each = 0; each < count; each += 1) {
      const child = u64(bytes, prefix + each * 8);
      if (child !== undefined) await dataBlock(child, entries, (page) => isSet(bitmap, each * pages + page));
    }
  }
}

type FixedSix = [number, number, number, number, number, number];

function entriesOf(bytes: Buffer, entryBytes: number, take: TakeEntry): void {
  for (let at = 0; at + entryBytes <= bytes.length; at += entryBytes) take(part(bytes, at, entryBytes));
}

/** A chunk as arrays and trees name it: where, and how long where it is packed. */
export function chunkOf(entry: Buffer, lengthBytes: number): { at: number; length: number | undefined } | undefined {
  if (u64(entry, 0) === undefined) return undefined;
  return { at: address(entry, 0), length: lengthBytes > 0 ? unsigned(entry, 8, lengthBytes) : undefined };
}
