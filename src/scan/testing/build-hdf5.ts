/** HDF5 with superblock 2, put together by the format's specification: what h5py writes with `libver='latest'`, and what it never does. */

const NOWHERE = Buffer.alloc(8, 0xff);
const CHECKSUM = Buffer.alloc(4);

export const u = (value: number, width: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes.subarray(0, width);
};

export interface Object2 {
  readonly type: number;
  readonly bytes: Buffer;
}

/** A file that grows at its end; every part's address is known when the next is made. */
export class Hdf5Image {
  private bytes = Buffer.alloc(48);

  put(...parts: readonly (Buffer | string)[]): number {
    const at = this.bytes.length;
    this.bytes = Buffer.concat([this.bytes, ...parts.map((part) => Buffer.from(part as string, 'latin1'))]);
    return at;
  }

  /** Writes where something was put before. */
  set(at: number, bytes: Buffer): void {
    bytes.copy(this.bytes, at);
  }

  get length(): number {
    return this.bytes.length;
  }

  /** An object header of version 2. */
  object(...messages: readonly Object2[]): number {
    const body = Buffer.concat(messages.map(({ type, bytes }) => Buffer.concat([u(type, 1), u(bytes.length, 2), u(0, 1), bytes]))); // prettier-ignore
    return this.put('OHDR', u(2, 1), u(2, 1), u(body.length, 4), body, CHECKSUM);
  }

  /** A B-tree of one leaf. */
  tree(type: number, records: readonly Buffer[]): number {
    const size = records[0]?.length ?? 8;
    const nodeBytes = 10 + 8 * size;
    const leaf = this.put(Buffer.concat([Buffer.from('BTLF'), u(0, 1), u(type, 1), ...records], nodeBytes));
    return this.treeHeader({ type, nodeBytes, size, depth: 0, root: leaf, count: records.length });
  }

  treeHeader(of: {
    type: number;
    nodeBytes: number;
    size: number;
    depth: number;
    root: number;
    count: number;
  }): number {
    const { type, nodeBytes, size, depth, root, count } = of;
    const shape = [u(type, 1), u(nodeBytes, 4), u(size, 2), u(depth, 2), u(100, 1), u(40, 1)];
    return this.put('BTHD', u(0, 1), ...shape, u(root, 8), u(count, 2), u(count, 8), CHECKSUM);
  }

  /** A heap of one direct block of 512 bytes. @returns its address, and the ids of the objects */
  heap(objects: readonly Buffer[], idBytes: number, huge?: number): { heap: number; ids: Buffer[] } {
    const heap = this.put(Buffer.alloc(146));
    const prefix = Buffer.concat([Buffer.from('FHDB'), u(0, 1), u(heap, 8), u(0, 4), CHECKSUM]);
    const block = this.put(Buffer.concat([prefix, ...objects], 512));
    const head = Buffer.concat([
      ...[Buffer.from('FRHP'), u(0, 1), u(idBytes, 2), u(0, 2), u(2, 1), u(400, 4), u(0, 8)],
      ...[huge === undefined ? NOWHERE : u(huge, 8), u(0, 8), NOWHERE, Buffer.alloc(64)],
      ...[u(4, 2), u(512, 8), u(65_536, 8), u(32, 2), u(1, 2), u(block, 8), u(0, 2), CHECKSUM],
    ]);
    this.set(heap, head);
    let at = prefix.length;
    const ids = objects.map(({ length }) => {
      const id = Buffer.concat([u(0, 1), u(at, 4), u(length, 2)], idBytes);
      at += length;
      return id;
    });
    return { heap, ids };
  }

  /** The whole, its root group at `root`. */
  file(root: number): Buffer {
    const head = [Buffer.from('894844460d0a1a0a', 'hex'), u(2, 1), u(8, 1), u(8, 1), u(0, 1), u(0, 8), NOWHERE];
    this.set(0, Buffer.concat([...head, u(this.bytes.length, 8), u(root, 8), CHECKSUM]));
    return Buffer.from(this.bytes);
  }
}

/** An attribute of fixed text. */
export function attribute(name: string, text: string): Buffer {
  const type = Buffer.concat([u(0x13, 1), u(0, 3), u(text.length, 4)]);
  const space = Buffer.from([2, 0, 0, 0]);
  const sizes = [u(name.length + 1, 2), u(type.length, 2), u(space.length, 2)];
  return Buffer.concat([u(3, 1), u(0, 1), ...sizes, u(0, 1), Buffer.from(`${name}\0`), type, space, Buffer.from(text)]);
}

export function hardLink(name: string, address: number): Buffer {
  return Buffer.concat([u(1, 1), u(0, 1), u(name.length, 1), Buffer.from(name), u(address, 8)]);
}

export function externalLink(name: string, file: string): Buffer {
  const target = Buffer.from(`\0${file}\0/\0`);
  const head = [u(1, 1), u(8, 1), u(64, 1), u(name.length, 1), Buffer.from(name)];
  return Buffer.concat([...head, u(target.length, 2), target]);
}

/** Links or attributes in a heap, with an index by name. */
export function denseMessage(type: 2 | 21, heap: number, byName: number | undefined, byOrder?: number): Object2 {
  const order = byOrder === undefined ? [] : [u(byOrder, 8)];
  const flags = byOrder === undefined ? 0 : 2;
  const name = byName === undefined ? NOWHERE : u(byName, 8);
  return { type, bytes: Buffer.concat([u(0, 1), u(flags, 1), u(heap, 8), name, ...order]) };
}

export { NOWHERE, CHECKSUM };
