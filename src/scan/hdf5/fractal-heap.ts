import { address, type Blocks, fault, part, u16, u64, u8, unsigned, widthFor } from './blocks.js';
import { recordsOf } from './tree2.js';

const HEADER_BYTES = 146;
const FREE_SPACE_BYTES = 82;
const HUGE_RECORDS = [1];
const [MANAGED, HUGE, TINY] = [0, 1, 2];
/** From where the lengths of objects need more than the first byte of their id. */
const LONG_ID_BYTES = 18;

interface DirectBlock {
  /** In the heap's own addresses. */
  readonly from: number;
  readonly length: number;
  readonly address: number;
}

/** The doubling table of a heap: how large the blocks of each row are. */
interface Table {
  readonly width: number;
  readonly startBytes: number;
  readonly mostDirectBytes: number;
  readonly offsetBytes: number;
  readonly heap: number;
}

/** A fractal heap, in which HDF5 keeps links and attributes that are many or large. All of its blocks are claimed when it is opened. */
export class FractalHeap {
  private constructor(
    private readonly blocks: Blocks,
    private readonly idBytes: number,
    private readonly lengthBytes: number,
    private readonly table: Table,
    private readonly direct: readonly DirectBlock[],
    private readonly huge: ReadonlyMap<number, { readonly at: number; readonly length: number }>,
  ) {}

  /** @throws FormatFault, of filtered heaps too */
  static async open(blocks: Blocks, at: number): Promise<FractalHeap> {
    const head = await blocks.signed(at, HEADER_BYTES, 'FRHP');
    if (u8(head, 4) !== 0) throw fault('a heap of an unknown version');
    if (u16(head, 7) !== 0) throw fault('a heap that is packed, which is not read here');
    const freeSpace = u64(head, 38);
    if (freeSpace !== undefined) await claimFreeSpace(blocks, freeSpace);
    const [width, startBytes, mostDirectBytes] = [u16(head, 110), u64(head, 112) ?? 0, u64(head, 120) ?? 0];
    const bits = u16(head, 128);
    const powers = [width, startBytes, mostDirectBytes].every((each) => each > 0 && Number.isInteger(Math.log2(each)));
    if (!powers || bits > 64 || mostDirectBytes < startBytes) throw fault('a heap whose blocks have no possible size');
    const table: Table = { width, startBytes, mostDirectBytes, offsetBytes: Math.ceil(bits / 8), heap: at };
    const root = u64(head, 132);
    const direct = root === undefined ? [] : await directBlocks(blocks, table, root, u16(head, 140));
    const trees = u64(head, 22);
    const huge = new Map<number, { at: number; length: number }>();
    const { found } = trees === undefined ? { found: [] } : await recordsOf(blocks, trees, HUGE_RECORDS);
    for (const record of found) {
      const [place, length] = [address(record, 0), unsigned(record, 8, 8)];
      blocks.claim(place, length, 'heap object');
      huge.set(unsigned(record, 16, 8), { at: place, length });
    }
    const lengthBytes = Math.min(
      Math.floor((Math.log2(mostDirectBytes) + 7) / 8),
      widthFor(Math.max(1, head.readUInt32LE(10))),
    );
    return new FractalHeap(blocks, u16(head, 5), lengthBytes, table, direct, huge);
  }

  /** An object by its id. @throws FormatFault */
  async read(id: Buffer): Promise<Buffer> {
    const first = u8(id, 0);
    const kind = (first >> 4) & 3;
    if (first >> 6 !== 0) throw fault('an object of a heap of an unknown version');
    if (kind === MANAGED) {
      const { offsetBytes } = this.table;
      return this.managed(unsigned(id, 1, offsetBytes), unsigned(id, 1 + offsetBytes, this.lengthBytes));
    }
    if (kind === TINY) {
      if (this.idBytes > LONG_ID_BYTES) throw fault('an object of a heap with long ids');
      return part(id, 1, (first & 15) + 1);
    }
    const found = kind === HUGE ? this.huge.get(unsigned(id, 1, Math.min(8, this.idBytes - 1))) : undefined;
    if (found === undefined) throw fault('an object that its heap does not have');
    return this.blocks.read(found.at, found.length, 'heap object');
  }

  private managed(from: number, length: number): Promise<Buffer> {
    let [low, high] = [0, this.direct.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const { from: start = 0, length: span = 0 } = this.direct[middle] ?? {};
      if (start + span <= from) low = middle + 1;
      else high = middle;
    }
    const block = this.direct[low];
    if (block === undefined || from < block.from || from + length > block.from + block.length)
      throw fault(`${length} bytes at ${from} of a heap that does not have them`);
    return this.blocks.again(block.address + from - block.from, length);
  }
}

/** All direct blocks in the order of the heap's addresses. */
async function directBlocks(blocks: Blocks, table: Table, root: number, rootRows: number): Promise<DirectBlock[]> {
  const { width, startBytes, mostDirectBytes, offsetBytes, heap } = table;
  const found: DirectBlock[] = [];
  const prefixBytes = 13 + offsetBytes;
  const take = async (place: number, length: number, from: number): Promise<void> => {
    const prefix = await blocks.signed(place, prefixBytes, 'FHDB');
    check(prefix, from);
    blocks.claim(place, length, 'FHDB');
    found.push({ from, length, address: place });
  };
  const check = (prefix: Buffer, from: number): void => {
    if (u8(prefix, 4) !== 0 || u64(prefix, 5) !== heap || unsigned(prefix, 13, offsetBytes) !== from)
      throw fault(`a block of another heap, or of another place in it, at ${from}`);
  };
  const rowBytes = (row: number): number => startBytes * 2 ** Math.max(0, row - 1);
  const directRows = Math.log2(mostDirectBytes) - Math.log2(startBytes) + 2;
  const walk = async (place: number, rows: number, start: number): Promise<void> => {
    const block = await blocks.signed(place, prefixBytes + rows * width * 8 + 4, 'FHIB');
    check(block, start);
    let from = start;
    for (let row = 0, at = prefixBytes; row < rows; row += 1)
      for (let column = 0; column < width; column += 1, at += 8, from += rowBytes(row)) {
        const child = u64(block, at);
        if (child === undefined) continue;
        if (row < directRows) await take(child, rowBytes(row), from);
        else await walk(child, Math.log2(rowBytes(row)) - Math.log2(startBytes * width) + 1, from);
      }
  };
  if (rootRows === 0) await take(root, startBytes, 0);
  else await walk(root, rootRows, 0);
  return found;
}

async function claimFreeSpace(blocks: Blocks, at: number): Promise<void> {
  const head = await blocks.signed(at, FREE_SPACE_BYTES, 'FSHD');
  const sections = u64(head, 54);
  if (sections !== undefined) await blocks.signed(sections, u64(head, 70) ?? NaN, 'FSSE');
}
