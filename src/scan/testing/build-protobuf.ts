/** [field, value]: numbers are varints, text and bytes and lists of fields have a length in front. */
export type PlainField = readonly [number: number, value: number | bigint | string | Buffer | readonly PlainField[]];

export function buildProtobuf(fields: readonly PlainField[]): Buffer {
  return Buffer.concat(fields.flatMap(([number, value]) => field(number, value)));
}

function field(number: number, value: PlainField[1]): Buffer[] {
  if (typeof value === 'number' || typeof value === 'bigint') return [varint(number * 8), varint(value)];
  const bytes = typeof value === 'string' ? Buffer.from(value) : Buffer.isBuffer(value) ? value : buildProtobuf(value);
  return [varint(number * 8 + 2), varint(bytes.length), bytes];
}

function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}
