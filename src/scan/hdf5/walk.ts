import type { ByteSource, Attribution } from '../port.js';
import { Blocks, fault, part, u16, u64, u8 } from './blocks.js';
import { DESCRIBING, MESSAGE, readAttribute, readFilters, readLink } from './messages.js';

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
const CHUNK_TREE_HALF = 32;

/**
 * HDF5 as its library writes it by default (superblock 0 and 1, object headers 1, symbol tables), after the HDF5 File Format Specification 3.0. Every object is visited.
 * @throws FormatFault HDF5-FAULT for what is broken and for everything newer.
 */
export async function walkHdf5(bytes: ByteSource): Promise<Hdf5Reading> {
  return new Hdf5Walk(bytes).read();
}

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
    const start = await this.blocks.read(0, 96, 'superblock');
    const version = u8(start, 8);
    if (!start.subarray(0, 8).equals(HDF5_MAGIC)) throw fault('no magic');
    if (version > 1) throw fault(`superblock ${version}, which is not read here`);
    if (u8(start, 13) !== 8 || u8(start, 14) !== 8) throw fault('addresses of other than 8 bytes');
    this.leafHalf = u16(start, 16);
    this.innerHalf = u16(start, 18);
    const at = version === 0 ? 24 : 28;
    if (u64(start, at) !== 0) throw fault('addresses that count from elsewhere');
    if (u64(start, at + 24) !== undefined) throw fault('a driver of its own');
    const entry = await this.blocks.read(at + 32, 40, 'superblock');
    this.objects.push(u64(entry, 8) ?? NaN);
    for (let address = this.objects.pop(); address !== undefined; address = this.objects.pop())
      if (this.blocks.isNew(address, 'object')) await this.object(address);
    return {
      texts: this.texts,
      outside: [...this.outside],
      filters: [...this.filters].filter((id) => !BUILT_IN.has(id)),
      attributions: [...this.blocks.attributions, ...(await this.leftOver())],
    };
  }

  private async object(address: number): Promise<void> {
    const head = await this.blocks.read(address, 16, 'object header');
    if (u8(head, 0) !== 1) throw fault(`an object header at ${address} that is not read here`);
    const spans = [{ at: address + 16, length: head.readUInt32LE(8) }];
    for (let span = spans.pop(); span !== undefined; span = spans.pop()) {
      if (!this.blocks.isNew(span.at, 'messages')) throw fault('an object header that leads in circles');
      const block = await this.blocks.read(span.at, span.length, 'object header');
      for (let at = 0; at + 8 <= block.length;) {
        const [type, length, flags] = [u16(block, at), u16(block, at + 2), u8(block, at + 4)];
        const message = part(block, at + 8, length);
        at += 8 + length;
        if (type === MESSAGE.continuation) spans.push({ at: u64(message, 0) ?? NaN, length: u64(message, 8) ?? NaN });
        // The message itself is elsewhere: a type that several share. It describes, or it is not understood.
        else if ((flags & 2) !== 0 && !DESCRIBING.has(type)) throw fault(`a shared message ${type}`);
        else await this.message(type, message);
      }
    }
  }

  private async message(type: number, message: Buffer): Promise<void> {
    if (type === MESSAGE.symbolTable) {
      await this.group(u64(message, 0) ?? NaN, u64(message, 8) ?? NaN);
    } else if (type === MESSAGE.link) {
      const link = readLink(message);
      if (link.kind === 'hard') this.objects.push(link.address);
      else if (link.kind === 'outside') this.outside.add(`a link to ${link.target}`);
    } else if (type === MESSAGE.externalFiles) this.outside.add('data in other files');
    else if (type === MESSAGE.layout) await this.layout(message);
    else if (type === MESSAGE.filters) for (const id of readFilters(message)) this.filters.add(id);
    else if (type === MESSAGE.attribute) await this.attribute(message);
    else if (type === MESSAGE.linkInfo || type === MESSAGE.attributeInfo) {
      const isDense = u64(message, 2 + (u8(message, 1) & 1 ? (type === MESSAGE.linkInfo ? 8 : 2) : 0)) !== undefined;
      if (isDense) throw fault('links or attributes in a fractal heap, which is not read here');
    } else if (!DESCRIBING.has(type)) throw fault(`a message ${type}`);
  }

  private async group(treeAddress: number, heapAddress: number): Promise<void> {
    if (this.blocks.isNew(heapAddress, 'heap')) {
      const heap = await this.blocks.read(heapAddress, 32, 'local heap');
      if (heap.toString('latin1', 0, 4) !== 'HEAP') throw fault(`no heap at ${heapAddress}`);
      this.blocks.claim(u64(heap, 24) ?? NaN, u64(heap, 8) ?? NaN, 'local heap');
    }
    const nodes = [treeAddress];
    for (let address = nodes.pop(); address !== undefined; address = nodes.pop()) {
      if (!this.blocks.isNew(address, 'tree')) continue;
      const { level, children } = await this.tree(address, 0, 8, this.innerHalf);
      for (const child of children) {
        if (level > 0) nodes.push(child);
        else if (this.blocks.isNew(child, 'symbols')) await this.symbols(child);
      }
    }
  }

  /** A node of a B-tree (version 1). */
  private async tree(
    address: number,
    type: number,
    keyBytes: number,
    half: number,
  ): Promise<{ level: number; children: number[]; keys: Buffer[] }> {
    const node = await this.blocks.read(address, 24 + 2 * half * (8 + keyBytes) + keyBytes, 'B-tree');
    if (node.toString('latin1', 0, 4) !== 'TREE' || u8(node, 4) !== type) throw fault(`no tree at ${address}`);
    const used = u16(node, 6);
    if (used > 2 * half) throw fault(`a tree of ${used} entries`);
    const children: number[] = [];
    const keys: Buffer[] = [];
    for (let index = 0; index < used; index += 1) {
      const at = 24 + index * (keyBytes + 8);
      keys.push(part(node, at, keyBytes));
      children.push(u64(node, at + keyBytes) ?? NaN);
    }
    return { level: u8(node, 5), children, keys };
  }

  private async symbols(address: number): Promise<void> {
    const node = await this.blocks.read(address, 8 + 2 * this.leafHalf * 40, 'symbols');
    if (node.toString('latin1', 0, 4) !== 'SNOD') throw fault(`no symbols at ${address}`);
    for (let left = u16(node, 6), at = 8; left > 0; left -= 1, at += 40) {
      const entry = part(node, at, 40);
      // 2: a symbolic link, which has no object; it stays within the file.
      if (entry.readUInt32LE(16) !== 2) this.objects.push(u64(entry, 8) ?? NaN);
    }
  }

  private async layout(message: Buffer): Promise<void> {
    const [version, type] = [u8(message, 0), u8(message, 1)];
    if (version === 4 && type === 3) {
      this.outside.add('a virtual dataset');
      return;
    }
    if (version !== 3) throw fault(`a layout ${version}, which is not read here`);
    if (type === 0) return;
    const address = u64(message, type === 1 ? 2 : 3);
    if (type === 1) {
      if (address !== undefined) this.blocks.claim(address, u64(message, 10) ?? NaN, 'tensor data');
    } else if (type !== 2) throw fault(`a layout of kind ${type}`);
    else if (address !== undefined) await this.chunks(address, 8 + 8 * u8(message, 2));
  }

  private async chunks(root: number, keyBytes: number): Promise<void> {
    const nodes = [root];
    for (let address = nodes.pop(); address !== undefined; address = nodes.pop()) {
      if (!this.blocks.isNew(address, 'tree')) continue;
      const { level, children, keys } = await this.tree(address, 1, keyBytes, CHUNK_TREE_HALF);
      for (const [index, child] of children.entries()) {
        if (level > 0) nodes.push(child);
        else if (this.blocks.isNew(child, 'chunk'))
          this.blocks.claim(child, keys[index]?.readUInt32LE(0) ?? NaN, 'tensor data');
      }
    }
  }

  private async attribute(message: Buffer): Promise<void> {
    const { name, text, references } = readAttribute(message);
    if (text !== undefined) this.texts.push({ name, text });
    for (const { address, index } of references) {
      const found = (await this.globalHeap(address)).get(index);
      if (found === undefined) throw fault(`no object ${index} in the heap at ${address}`);
      this.texts.push({ name, text: found.toString().replaceAll('\0', '') });
    }
  }

  private async globalHeap(address: number): Promise<ReadonlyMap<number, Buffer>> {
    const known = this.heaps.get(address);
    if (known !== undefined) return known;
    const head = await this.blocks.read(address, 16, 'global heap');
    if (head.toString('latin1', 0, 4) !== 'GCOL') throw fault(`no global heap at ${address}`);
    const heap = await this.blocks.read(address, Math.max(16, u64(head, 8) ?? NaN), 'global heap');
    const objects = new Map<number, Buffer>();
    for (let at = 16; at + 16 <= heap.length;) {
      const [index, length] = [u16(heap, at), u64(heap, at + 8) ?? NaN];
      if (index === 0) break;
      objects.set(index, part(heap, at + 16, length));
      at += 16 + Math.ceil(length / 8) * 8;
    }
    this.heaps.set(address, objects);
    return objects;
  }

  /** Zeros between blocks are room that was not used. */
  private async leftOver(): Promise<Attribution[]> {
    const found: Attribution[] = [];
    const sorted = [...this.blocks.attributions].sort((one, other) => one.startByte - other.startByte);
    let at = 0;
    for (const { startByte, endByte } of [...sorted, { startByte: this.blocks.bytes.sizeBytes, endByte: 0 }]) {
      if (startByte > at && startByte - at <= MOST_GAP_BYTES) {
        const gap = await this.blocks.bytes.read(at, startByte - at);
        if (gap.every((byte) => byte === 0)) found.push({ startByte: at, endByte: startByte, what: 'padding' });
      }
      at = Math.max(at, endByte);
    }
    return found;
  }
}

const MOST_GAP_BYTES = 64 * 1024;
