/** WebAssembly put together by hand, also where no compiler would: what hostile modules are made of. Functions: 0 and 1 are the imports `sluice.read` and `sluice.log`, 2 is alloc, 3 verify, 4 reads from its start, 5 never ends. */
export interface ModuleParts {
  /** Behind those of functions. */
  readonly types?: readonly (readonly number[])[];
  readonly imports?: readonly (readonly [module: string, name: string, kind: number])[];
  /** Flags, least, and most where the flags say so. */
  readonly memories?: readonly (readonly number[])[];
  readonly tables?: readonly (readonly number[])[];
  readonly exports?: readonly (readonly [name: string, kind: number, index: number])[];
  readonly start?: number;
  /** At 1024. */
  readonly data: readonly number[];
  readonly reads?: readonly { readonly offset: number; readonly pointer: number; readonly length: number }[];
  /** Code in front of the answer. */
  readonly before?: readonly number[];
  /** Pointer and length that verify gives. */
  readonly result: readonly [number, number];
  /** Instead of all that. */
  readonly verify?: readonly number[];
}

const [I32, I64] = [0x7f, 0x7e];

/** A module that answers with a text. */
export function answering(text: string): ModuleParts {
  const data = [...Buffer.from(text)];
  return { data, result: [1024, data.length] };
}

/** A function without locals. */
export function body(code: readonly number[]): readonly number[] {
  return [0, ...code, 0x0b];
}

/** `loop br 0 end`. */
export const BLOCK_FOREVER = body([0x03, 0x40, 0x0c, 0, 0x0b, 0x42, 0]);

export function assembleModule(parts: ModuleParts): Uint8Array {
  const { memories = [[0, 2]], tables = [], data, result } = parts;
  const imports = parts.imports ?? [
    ['sluice', 'read', 0],
    ['sluice', 'log', 0],
  ];
  const exports = parts.exports ?? [
    ['memory', 2, 0],
    ['alloc', 0, 2],
    ['verify', 0, 3],
  ];
  const types = [
    [0x60, 4, I32, I64, I32, I32, 1, I32],
    [0x60, 3, I32, I32, I32, 0],
    [0x60, 1, I32, 1, I32],
    [0x60, 2, I32, I32, 1, I64],
    [0x60, 0, 0],
    ...(parts.types ?? []),
  ];
  const packed = (BigInt(result[0]) << 32n) | BigInt(result[1]);
  const reads = (parts.reads ?? []).flatMap(({ offset, pointer, length }) => readCall(offset, pointer, length));
  const functions = [
    body([0x41, 0x80, 0xc0, 0x00]),
    parts.verify ?? body([...(parts.before ?? []), ...reads, 0x42, ...signed(packed)]),
    body(readCall(0, 0, 1)),
    body([0x03, 0x40, 0x0c, 0, 0x0b]),
  ];
  const importType = (kind: number): readonly number[] => (kind === 2 ? [0, 1] : [0]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(
      2,
      vector(
        imports.map(([module, name, kind], index) => [
          ...text(module),
          ...text(name),
          kind,
          ...(kind === 0 ? [index] : importType(kind)),
        ]),
      ),
    ),
    ...section(3, vector([[2], [3], [4], [4]])),
    ...(tables.length === 0
      ? []
      : section(
          4,
          vector(tables.map(([type = 0, flags = 0, ...limits]) => [type, flags, ...limits.flatMap(unsigned)])),
        )),
    ...(memories.length === 0
      ? []
      : section(5, vector(memories.map(([flags = 0, ...limits]) => [flags, ...limits.flatMap(unsigned)])))),
    ...section(7, vector(exports.map(([name, kind, index]) => [...text(name), kind, index]))),
    ...(parts.start === undefined ? [] : section(8, [parts.start])),
    ...section(10, vector(functions.map((code) => [...unsigned(code.length), ...code]))),
    ...section(11, vector([[0, 0x41, 0x80, 0x08, 0x0b, ...unsigned(data.length), ...data]])),
  ]);
}

/** `drop(sluice.read(0, offset, pointer, length))`. */
function readCall(offset: number, pointer: number, length: number): readonly number[] {
  return [
    ...[0x41, 0, 0x42, ...signed(BigInt(offset)), 0x41, ...signed(BigInt(pointer))],
    ...[0x41, ...signed(BigInt(length)), 0x10, 0, 0x1a],
  ];
}

function section(id: number, content: readonly number[]): readonly number[] {
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly (readonly number[])[]): readonly number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function text(value: string): readonly number[] {
  return [...unsigned(value.length), ...Buffer.from(value)];
}

function unsigned(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(Math.floor(value / 0x80))];
}

/** LEB128 of 64 bits with a sign. */
function signed(value: bigint): readonly number[] {
  const low = Number(BigInt.asUintN(7, value));
  const rest = BigInt.asIntN(64, value) >> 7n;
  const isLast = (rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}
