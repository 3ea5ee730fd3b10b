import type { Span } from '../ledger.js';
import type { Attribution, ByteSource } from '../port.js';
import { address, Blocks, fault, part, u16, u64, u8 } from './blocks.js';
import { FractalHeap } from './fractal-heap.js';
import { claimData, denseOf } from './layout.js';
import { DESCRIBING, MESSAGE, readAttribute, readFilters, readLink } from './messages.js';
import { messagesOf } from './object-header.js';
import { childrenOf } from './tree.js';
import { recordsOf } from './tree2.js';

export interface Hdf5Reading {
  /** Text of attributes, with their names. */
  readonly texts: readonly { readonly name: string; readonly text: string }[];
  /** What takes data from elsewhere, or loads a plugin. */
  readonly outside: readonly string[];
  readonly filters: readonly number[];
  readonly attributions: readonly Attribution[];
}

export const HDF5_MAGIC = Buffer.from('894844460d0a1a0a', 'hex');
/** Filters that the library brings along, and h5py's LZF. */
const BUILT_IN = new Set([1, 2, 3, 4, 5, 6, 32000]);
/**
 * HDF5 after the HDF5 File Format Specification 3.0: superblocks 0 to 3, object headers 1 and 2, groups and attributes in symbol tables, messages or fractal heaps,
 * chunks by every index. Every object is visited. Checksums are not compared: who opens the file refuses those that are wrong.
 * @throws FormatFault HDF5-FAULT for what is broken and for everything newer.
 */
export async function walkHdf5(bytes: ByteSource): Promise<Hdf5Reading> {
  return new Hdf5Walk(bytes).read();
}

/** Of B-trees (version 2) over links and over attributes: where the heap's id begins in their records, by name and by order. */
const LINK_RECORDS = new Map([
  [5, 4],
  [6, 8],
]);
const ATTRIBUTE_RECORDS = new Map([
  [8, 0],
  [9, 0],
]);
const ID_BYTES = { link: 7, attribute: 8 } as const;

class Hdf5Walk {
  private readonly blocks: Blocks;
  private readonly texts: { name: string; text: string }[] = [];
  private readonly outside = new Set<string>();
  private readonly filters = new Set<number>();
  private readonly heaps = new Map<number, Map<number, Buffer>>();
  /** Object headers still to be read: a queue, so that no depth of groups matters. */
  private readonly objects: number[] = [];
  private leafHalf = 4;
  private innerHalf = 16;

  constructor(bytes: ByteSource) {
    this.blocks = new Blocks(bytes);
  }

  async read(): Promise<Hdf5Reading> {
    await this.superblock();
    for (let at = this.objects.pop(); at !== undefined; at = this.objects.pop())
      if (this.blocks.isNew(at, 'object')) await this.object(at);
    return {
      texts: this.texts,
      outside: [...this.outside],
      filters: [...this.filters].filter((id) => !BUILT_IN.has(id)),
      attributions: [...this.blocks.attributions, ...(await this.leftOver())],
    };
  }

  private async superblock(): Promise<void> {
    const start = await this.blocks.read(0, 48, 'superblock');
    const version = u8(start, 8);
    if (!start.subarray(0, 8).equals(HDF5_MAGIC)) throw fault('no magic');
    if (version > 3) throw fault(`superblock ${version}, which is not read here`);
    if (version > 1) {
      if (u8(start, 9) !== 8 || u8(start, 10) !== 8) throw fault('addresses of other than 8 bytes');
      if (u64(start, 12) !== 0) throw fault('addresses that count from elsewhere');
      const extension = u64(start, 20);
      if (extension !== undefined) this.objects.push(extension);
      this.objects.push(address(start, 36));
      return;
    }
    if (u8(start, 13) !== 8 || u8(start, 14) !== 8) throw fault('addresses of other than 8 bytes');
    this.leafHalf = u16(start, 16);
    this.innerHalf = u16(start, 18);
    const at = version === 0 ? 24 : 28;
    const rest = await this.blocks.read(at, 72, 'superblock');
    if (u64(rest, 0) !== 0) throw fault('addresses that count from elsewhere');
    if (u64(rest, 24) !== undefined) throw fault('a driver of its own');
    this.objects.push(address(rest, 40));
  }

  private async object(at: number): Promise<void> {
    const messages = await messagesOf(this.blocks, at);
    const space = messages.find(({ type }) => type === MESSAGE.space)?.bytes;
    for (const { type, isShared, bytes } of messages) {
      // The message itself is elsewhere: a type that several share. It describes, or it is not understood.
      if (isShared && !DESCRIBING.has(type)) throw fault(`a shared message ${type}`);
      if (type === MESSAGE.layout)
        for (const what of await claimData(this.blocks, bytes, space)) this.outside.add(what);
      else if (!isShared) await this.message(type, bytes);
    }
  }

  private async message(type: number, message: Buffer): Promise<void> {
    if (type === MESSAGE.symbolTable) await this.group(address(message, 0), address(message, 8));
    else if (type === MESSAGE.link) this.link(message);
    else if (type === MESSAGE.externalFiles) this.outside.add('data in other files');
    else if (type === MESSAGE.filters) for (const id of readFilters(message)) this.filters.add(id);
    else if (type === MESSAGE.attribute) await this.attribute(message);
    else if (type === MESSAGE.linkInfo)
      await this.dense(message, 8, LINK_RECORDS, ID_BYTES.link, (link) => this.link(link));
    else if (type === MESSAGE.attributeInfo)
      await this.dense(message, 2, ATTRIBUTE_RECORDS, ID_BYTES.attribute, (one) => this.attribute(one));
    else if (!DESCRIBING.has(type)) throw fault(`a message ${type}`);
  }

  private link(message: Buffer): void {
    const link = readLink(message);
    if (link.kind === 'hard') this.objects.push(link.address);
    else if (link.kind === 'outside') this.outside.add(`a link to ${link.target}`);
  }

  /** Links or attributes in a heap, as every index has them: readers may go by either. */
  private async dense(
    message: Buffer,
    orderBytes: 2 | 8,
    records: ReadonlyMap<number, number>,
    idBytes: number,
    take: (object: Buffer) => void | Promise<void>,
  ): Promise<void> {
    const dense = denseOf(message, orderBytes);
    if (dense === undefined) return;
    const heap = await FractalHeap.open(this.blocks, dense.heap);
    const seen = new Set<string>();
    for (const index of dense.indexes) {
      const { type, found } = await recordsOf(this.blocks, index, [...records.keys()]);
      const idAt = records.get(type) ?? 0;
      for (const record of found) {
        const id = part(record, idAt, idBytes);
        if (records === ATTRIBUTE_RECORDS && (u8(record, idBytes) & 2) !== 0) throw fault('a shared attribute');
        if (seen.has(id.toString('latin1'))) continue;
        seen.add(id.toString('latin1'));
        await take(await heap.read(id));
      }
    }
  }

  private async group(treeAddress: number, heapAddress: number): Promise<void> {
    if (this.blocks.isNew(heapAddress, 'heap')) {
      const heap = await this.blocks.read(heapAddress, 32, 'local heap');
      if (heap.toString('latin1', 0, 4) !== 'HEAP') throw fault(`no heap at ${heapAddress}`);
      this.blocks.claim(u64(heap, 24) ?? NaN, u64(heap, 8) ?? NaN, 'local heap');
    }
    const shape = { type: 0, keyBytes: 8, half: this.innerHalf } as const;
    for await (const { child } of childrenOf(this.blocks, treeAddress, shape))
      if (this.blocks.isNew(child, 'symbols')) await this.symbols(child);
  }

  private async symbols(place: number): Promise<void> {
    const node = await this.blocks.read(place, 8 + 2 * this.leafHalf * 40, 'symbols');
    if (node.toString('latin1', 0, 4) !== 'SNOD') throw fault(`no symbols at ${place}`);
    for (let left = u16(node, 6), at = 8; left > 0; left -= 1, at += 40) {
      const entry = part(node, at, 40);
      // 2: a symbolic link, which has no object; it stays within the file.
      if (entry.readUInt32LE(16) !== 2) this.objects.push(address(entry, 8));
    }
  }

  private async attribute(message: Buffer): Promise<void> {
    const { name, text, references } = readAttribute(message);
    if (text !== undefined) this.texts.push({ name, text });
    for (const { address: heap, index } of references) {
      const found = (await this.globalHeap(heap)).get(index);
      if (found === undefined) throw fault(`no object ${index} in the heap at ${heap}`);
      this.texts.push({ name, text: found.toString().replaceAll('\0', '') });
    }
  }

  private async globalHeap(place: number): Promise<ReadonlyMap<number, Buffer>> {
    const known = this.heaps.get(place);
    if (known !== undefined) return known;
    const head = await this.blocks.read(place, 16, 'global heap');
    if (head.toString('latin1', 0, 4) !== 'GCOL') throw fault(`no global heap at ${place}`);
    const heap = await this.blocks.read(place, Math.max(16, u64(head, 8) ?? NaN), 'global heap');
    const objects = new Map<number, Buffer>();
    for (let at = 16; at + 16 <= heap.length;) {
      const [index, length] = [u16(heap, at), u64(heap, at + 8) ?? NaN];
      if (index === 0) break;
      objects.set(index, part(heap, at + 16, length));
      at += 16 + Math.ceil(length / 8) * 8;
    }
    this.heaps.set(place, objects);
    return objects;
  }

  /** Between blocks: zeros are room that was not used, and heaps that no attribute names hold text of datasets. */
  private async leftOver(): Promise<Attribution[]> {
    const found: Attribution[] = [];
    for (const gap of gapsOf(this.blocks)) {
      const heap = await this.heapIn(gap);
      const from = heap?.endByte ?? gap.startByte;
      if (heap !== undefined) found.push(heap);
      if (gap.endByte - from > MOST_GAP_BYTES) continue;
      const rest = await this.blocks.bytes.read(from, gap.endByte - from);
      if (rest.every((byte) => byte === 0)) found.push({ startByte: from, endByte: gap.endByte, what: 'padding' });
    }
    return found;
  }

  private async heapIn({ startByte, endByte }: Span): Promise<Attribution | undefined> {
    // Up to it stands what was rounded up.
    const window = await this.blocks.bytes.read(startByte, Math.min(endByte - startByte, 64));
    const skipped = window.findIndex((byte) => byte !== 0);
    if (skipped === -1 || window.toString('latin1', skipped, skipped + 4) !== 'GCOL') return undefined;
    const length = window.length < skipped + 16 ? undefined : u64(window, skipped + 8);
    const end = startByte + skipped + (length ?? 0);
    if (end > endByte) return undefined;
    await this.globalHeap(startByte + skipped);
    return { startByte, endByte: end, what: 'global heap' };
  }
}

const MOST_GAP_BYTES = 64 * 1024;

function gapsOf({ attributions, bytes }: Blocks): readonly Span[] {
  const sorted = [...attributions].sort((one, other) => one.startByte - other.startByte);
  const gaps: Span[] = [];
  let at = 0;
  for (const { startByte, endByte } of [...sorted, { startByte: bytes.sizeBytes, endByte: 0 }]) {
    if (startByte > at) gaps.push({ startByte: at, endByte: startByte });
    at = Math.max(at, endByte);
  }
  return gaps;
}
