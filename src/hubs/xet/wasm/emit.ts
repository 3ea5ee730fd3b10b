/**
 * A tiny WebAssembly assembler (core specification 2.0, binary format, fixed-width SIMD): enough for the kernels beside it, and nothing that must be
 * installed or built. Expressions are byte sequences in stack order; the types are the caller's care, `new WebAssembly.Module` checks them.
 */
export type Code = readonly number[];

export const I32 = 0x7f;
export const V128 = 0x7b;
export type ValueType = typeof I32 | typeof V128;

export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

export const i32 = (value: number): Code => [0x41, ...signed(value)];

const binary =
  (opcode: number) =>
  (a: Code, b: Code): Code => [...a, ...b, opcode];

export const add = binary(0x6a);
export const sub = binary(0x6b);
export const mul = binary(0x6c);
export const and = binary(0x71);
export const or = binary(0x72);
export const xor = binary(0x73);
export const shl = binary(0x74);
export const shrU = binary(0x76);
export const rotr = binary(0x78);
export const eq = binary(0x46);
export const ltU = binary(0x49);
export const gtU = binary(0x4b);
export const geU = binary(0x4f);
export const isZero = (a: Code): Code => [...a, 0x45];

const load =
  (opcode: number) =>
  (address: Code, offset = 0): Code => [...address, opcode, 0, ...unsigned(offset)];
const store =
  (opcode: number) =>
  (address: Code, value: Code, offset = 0): Code => [...address, ...value, opcode, 0, ...unsigned(offset)];

export const load8 = load(0x2d);
export const load16 = load(0x2f);
export const load32 = load(0x28);
export const store8 = store(0x3a);
export const store32 = store(0x36);

/** memory.copy: may overlap. */
export const copy = (to: Code, from: Code, length: Code): Code => [...to, ...from, ...length, 0xfc, 0x0a, 0, 0];

/** Runs `body` again as long as it ends in `again(depth)`; within it, depth 0 is the loop itself. */
export const loop = (body: Code): Code => [0x03, 0x40, ...body, 0x0b];
/** A block that `leave(depth)` jumps out of. */
export const block = (body: Code): Code => [0x02, 0x40, ...body, 0x0b];
export const when = (condition: Code, then: Code, otherwise?: Code): Code => [
  ...condition,
  0x04,
  0x40,
  ...then,
  ...(otherwise === undefined ? [] : [0x05, ...otherwise]),
  0x0b,
];
export const jump = (depth: number): Code => [0x0c, depth];
export const jumpIf = (depth: number, condition: Code): Code => [...condition, 0x0d, depth];
export const give = (value: Code): Code => [...value, 0x0f];
export const unreachable: Code = [0x00];

const simd = (opcode: number): Code => [0xfd, ...unsigned(opcode)];

export const vLoad = (address: Code, offset = 0): Code => [...address, ...simd(0), 0, ...unsigned(offset)];
export const vStore = (address: Code, value: Code, offset = 0): Code => [
  ...address,
  ...value,
  ...simd(11),
  0,
  ...unsigned(offset),
];
export const vConst = (bytes: readonly number[]): Code => [...simd(12), ...bytes];
export const vShuffle = (a: Code, b: Code, lanes: readonly number[]): Code => [...a, ...b, ...simd(13), ...lanes];
export const vSwizzle = (a: Code, lanes: Code): Code => [...a, ...lanes, ...simd(14)];
export const vSplat = (a: Code): Code => [...a, ...simd(17)];
export const vAdd = (a: Code, b: Code): Code => [...a, ...b, ...simd(174)];
export const vXor = (a: Code, b: Code): Code => [...a, ...b, ...simd(81)];
export const vOr = (a: Code, b: Code): Code => [...a, ...b, ...simd(80)];
export const vShl = (a: Code, bits: number): Code => [...a, ...i32(bits), ...simd(171)];
export const vShrU = (a: Code, bits: number): Code => [...a, ...i32(bits), ...simd(173)];

export interface Local {
  readonly get: Code;
  set(value: Code): Code;
  /** Sets and gives. */
  tee(value: Code): Code;
}

/** One exported function in the making. */
export class FunctionBuilder {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly locals: ValueType[] = [];
  body: Code = [];

  constructor(name: string, parameterCount: number) {
    this.name = name;
    this.parameters = Array.from({ length: parameterCount }, () => I32);
  }

  parameter(index: number): Local {
    return variable(index);
  }

  local(type: ValueType): Local {
    this.locals.push(type);
    return variable(this.parameters.length + this.locals.length - 1);
  }
}

function variable(index: number): Local {
  const name = unsigned(index);
  return {
    get: [0x20, ...name],
    set: (value) => [...value, 0x21, ...name],
    tee: (value) => [...value, 0x22, ...name],
  };
}
