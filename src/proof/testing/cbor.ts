import { CborTag, cborHead, type Cbor, type CborMap } from '../signatures/cbor.js';

/** CBOR in the deterministic encoding, but for the order of keys, which is that of the map. */
export function encodeCbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? cborHead(1, -1 - value) : cborHead(0, value);
  if (typeof value === 'string') return Buffer.concat([cborHead(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([cborHead(2, value.length), value]);
  if (value === null) return Buffer.of(0xf6);
  if (typeof value === 'boolean') return Buffer.of(value ? 0xf5 : 0xf4);
  if (value instanceof CborTag) return Buffer.concat([cborHead(6, value.tag), encodeCbor(value.value)]);
  if (value instanceof Map) {
    const entries = [...(value as CborMap)].flatMap(([key, each]) => [encodeCbor(key), encodeCbor(each)]);
    return Buffer.concat([cborHead(5, entries.length / 2), ...entries]);
  }
  const list = value as readonly Cbor[];
  return Buffer.concat([cborHead(4, list.length), ...list.map(encodeCbor)]);
}
