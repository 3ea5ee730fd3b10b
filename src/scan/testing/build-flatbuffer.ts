/** What a field of a table holds: a number of so many bytes, a text, numbers behind their count, tables, or one. */
export type FlatField =
  | { readonly number: number; readonly width: 1 | 2 | 4 | 8 }
  | { readonly text: string }
  | { readonly bytes: Buffer; readonly width: number }
  | { readonly tables: readonly FlatFields[] }
  | { readonly table: FlatFields };
export type FlatFields = Readonly<Record<number, FlatField>>;

/** A flatbuffer as its specification has it, parents before what they lead to. */
export function buildFlatbuffer(identifier: string, root: FlatFields): Buffer {
  let bytes: Buffer = Buffer.concat([Buffer.alloc(4), Buffer.from(identifier, 'latin1')]);
  const put = (part: Buffer): number => {
    bytes = Buffer.concat([bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
    const at = bytes.length;
    bytes = Buffer.concat([bytes, part]);
    return at;
  };
  const point = (from: number, to: number): void => void bytes.writeUInt32LE(to - from, from);
  const vector = (count: number, content: Buffer): number => {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(count);
    return put(Buffer.concat([head, content]));
  };
  const place = (fields: FlatFields): number => {
    const last = Math.max(-1, ...Object.keys(fields).map(Number));
    const vtable = Buffer.alloc(4 + 2 * (last + 1));
    const offsets = new Map<number, number>();
    let length = 8;
    for (const [key, field] of Object.entries(fields)) {
      offsets.set(Number(key), length);
      vtable.writeUInt16LE(length, 4 + 2 * Number(key));
      length += 'number' in field ? Math.max(4, field.width) : 4;
    }
    vtable.writeUInt16LE(vtable.length, 0);
    vtable.writeUInt16LE(length, 2);
    const vtableAt = put(vtable);
    const at = put(Buffer.alloc(length));
    bytes.writeInt32LE(at - vtableAt, at);
    for (const [key, field] of Object.entries(fields)) {
      const from = at + (offsets.get(Number(key)) ?? 0);
      if ('number' in field) {
        if (field.width === 8) bytes.writeBigUInt64LE(BigInt(field.number), from);
        else bytes.writeUIntLE(field.number, from, field.width);
      } else if ('text' in field) point(from, vector(Buffer.byteLength(field.text), Buffer.from(`${field.text}\0`)));
      else if ('bytes' in field) point(from, vector(field.bytes.length / field.width, field.bytes));
      else if ('table' in field) point(from, place(field.table));
      else {
        const list = vector(field.tables.length, Buffer.alloc(4 * field.tables.length));
        point(from, list);
        for (const [index, table] of field.tables.entries()) point(list + 4 + 4 * index, place(table));
      }
    }
    return at;
  };
  const at = place(root);
  bytes.writeUInt32LE(at, 0);
  return bytes;
}
