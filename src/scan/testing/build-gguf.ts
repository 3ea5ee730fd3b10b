type Entry = readonly [type: 'u32' | 'u64' | 'f32' | 'bool' | 'string' | 'strings' | 'u32s', value: unknown];

export interface GgufPlan {
  readonly version?: number;
  readonly metadata: Readonly<Record<string, Entry>>;
  readonly tensors: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly type: number;
    readonly startByte: number;
  }[];
  /** Zeros behind the header. */
  readonly dataBytes: number;
}

const TYPES = { u32: 4, u64: 10, f32: 6, bool: 7, string: 8 } as const;

/** A GGUF file by the letter of docs/gguf.md of ggml, right or wrong as the plan is. */
export function buildGguf({ version = 3, metadata, tensors, dataBytes }: GgufPlan): Buffer {
  const parts: Buffer[] = [Buffer.from('GGUF'), u32(version), u64(tensors.length), u64(Object.keys(metadata).length)];
  for (const [key, [type, value]] of Object.entries(metadata)) {
    parts.push(string(key));
    if (type === 'strings' || type === 'u32s') {
      const itemType = type === 'strings' ? 'string' : 'u32';
      const items = value as readonly unknown[];
      parts.push(u32(9), u32(TYPES[itemType]), u64(items.length), ...items.map((item) => scalar(itemType, item)));
    } else parts.push(u32(TYPES[type]), scalar(type, value));
  }
  for (const { name, shape, type, startByte } of tensors)
    parts.push(string(name), u32(shape.length), ...shape.map(u64), u32(type), u64(startByte));
  const header = Buffer.concat(parts);
  const padding = Buffer.alloc((32 - (header.length % 32)) % 32);
  return Buffer.concat([header, padding, Buffer.alloc(dataBytes)]);
}

function scalar(type: keyof typeof TYPES, value: unknown): Buffer {
  if (type === 'string') return string(String(value));
  if (type === 'bool') return Buffer.from([value === true ? 1 : 0]);
  if (type === 'u64') return u64(Number(value));
  if (type === 'u32') return u32(Number(value));
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(Number(value));
  return bytes;
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
