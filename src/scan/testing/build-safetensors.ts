/** A safetensors file whose header says exactly this, followed by so many zeros. */
export function buildSafetensors(header: Readonly<Record<string, unknown>> | string, dataBytes: number): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)]);
}

/** The header of tensors that lie one behind the other. */
export function layOut(
  tensors: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly bits: number;
    readonly shape: number[];
  }[],
): { readonly header: Record<string, unknown>; readonly dataBytes: number } {
  let at = 0;
  const header: Record<string, unknown> = {};
  for (const { name, dtype, bits, shape } of tensors) {
    const end = at + (shape.reduce((product, size) => product * size, 1) * bits) / 8;
    header[name] = { dtype, shape, data_offsets: [at, end] };
    at = end;
  }
  return { header, dataBytes: at };
}
