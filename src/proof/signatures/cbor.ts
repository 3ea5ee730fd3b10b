import { broken } from '../signature-fault.js';

/** A value of CBOR (RFC 8949) as far as COSE needs it. */
export type Cbor = number | string | Buffer | boolean | null | readonly Cbor[] | CborMap | CborTag;
export type CborMap = ReadonlyMap<number | string, Cbor>;

export class CborTag {
  constructor(
    readonly tag: number,
    readonly value: Cbor,
  ) {}
}

const MOST_DEPTH = 8;
const MOST_ITEMS = 1024;

/**
 * The one value that the bytes are, in the deterministic encoding (RFC 8949, 4.2.1): shortest lengths, nothing indefinite, no key twice, so that nobody can read them otherwise. No floats.
 * @throws SignatureFault proof
 */
export function parseCbor(bytes: Buffer): Cbor {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (!reader.isAtEnd) throw broken('CBOR with something after it');
  return value;
}

/** The head of an item: its major type and its length or value. */
export function cborHead(major: number, count: number): Buffer {
  const type = major << 5;
  if (count < 24) return Buffer.of(type | count);
  if (count < 0x100) return Buffer.of(type | 24, count);
  const head = Buffer.alloc(count < 0x10000 ? 3 : 5, type | (count < 0x10000 ? 25 : 26));
  head.writeUIntBE(count, 1, head.length - 1);
  return head;
}

/** A value in the deterministic encoding: shortest lengths, keys in the order of their encodings (RFC 8949, 4.2.1). */
export function encodeCbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? cborHead(1, -1 - value) : cborHead(0, value);
  if (typeof value === 'string') return Buffer.concat([cborHead(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([cborHead(2, value.length), value]);
  if (typeof value === 'boolean' || value === null)
    return Buffer.of((7 << 5) | (value === null ? 22 : value ? 21 : 20));
  if (value instanceof CborTag) return Buffer.concat([cborHead(6, value.tag), encodeCbor(value.value)]);
  if (Array.isArray(value))
    return Buffer.concat([cborHead(4, value.length), ...(value as readonly Cbor[]).map(encodeCbor)]);
  const entries = [...(value as CborMap)].map(([key, one]) => [encodeCbor(key), encodeCbor(one)] as const);
  return Buffer.concat([cborHead(5, entries.length), ...entries.sort(([a], [b]) => a.compare(b)).flat()]);
}

class Reader {
  #at = 0;
  #items = 0;

  constructor(private readonly bytes: Buffer) {}

  get isAtEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  value(depth: number): Cbor {
    this.#items += 1;
    if (depth > MOST_DEPTH || this.#items > MOST_ITEMS) throw broken('CBOR with too much in it');
    const first = this.#take(1)[0] ?? 0;
    const [major, info] = [first >> 5, first & 31];
    if (major === 7) return simple(info);
    const count = this.#count(info);
    switch (major) {
      case 0:
        return count;
      case 1:
        return -1 - count;
      case 2:
        return Buffer.from(this.#take(count));
      case 3:
        return text(this.#take(count));
      case 4:
        return this.#list(count, depth);
      case 5:
        return this.#map(count, depth);
      default:
        return new CborTag(count, this.value(depth + 1));
    }
  }

  #list(count: number, depth: number): readonly Cbor[] {
    const list: Cbor[] = [];
    while (list.length < count) list.push(this.value(depth + 1));
    return list;
  }

  #map(count: number, depth: number): CborMap {
    const map = new Map<number | string, Cbor>();
    for (let index = 0; index < count; index += 1) {
      const key = this.value(depth + 1);
      if (typeof key !== 'number' && typeof key !== 'string') throw broken('CBOR with a key of a strange kind');
      if (map.has(key)) throw broken('CBOR with a key twice');
      map.set(key, this.value(depth + 1));
    }
    return map;
  }

  #count(info: number): number {
    if (info < 24) return info;
    if (info > 27) throw broken('CBOR of indefinite length');
    const bytes = this.#take(2 ** (info - 24));
    const count = Number(bytes.length === 8 ? bytes.readBigUInt64BE() : bytes.readUIntBE(0, bytes.length));
    const least = [24, 0x100, 0x10000, 0x1_0000_0000][info - 24] ?? 0;
    if (count < least || !Number.isSafeInteger(count)) throw broken('CBOR with a number in a strange form');
    return count;
  }

  #take(count: number): Buffer {
    if (count > this.bytes.length - this.#at) throw broken('CBOR that ends too soon');
    this.#at += count;
    return this.bytes.subarray(this.#at - count, this.#at);
  }
}

function simple(info: number): boolean | null {
  if (info === 20 || info === 21) return info === 21;
  if (info === 22) return null;
  throw broken('CBOR with a value of a strange kind');
}

function text(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw broken('CBOR with text that is none');
  }
}
