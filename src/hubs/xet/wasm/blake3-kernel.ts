import {
  FunctionBuilder,
  I32,
  V128,
  add,
  block,
  eq,
  give,
  i32,
  jump,
  jumpIf,
  load32,
  loop,
  or,
  rotr,
  shl,
  store32,
  sub,
  isZero,
  unreachable,
  vAdd,
  vConst,
  vLoad,
  vOr,
  vShl,
  vShrU,
  vShuffle,
  vSplat,
  vStore,
  vSwizzle,
  vXor,
  xor,
  type Code,
  type Local,
} from './emit.js';

export const CHUNK_START = 1;
export const CHUNK_END = 2;
export const PARENT = 4;
export const ROOT = 8;
export const KEYED_HASH = 16;

export const LEAF_BYTES = 1024;

const BLOCK_BYTES = 64;
const INITIAL = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a] as const;
const PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8] as const;
const ROUNDS = 7;

/** Column steps, then diagonal steps. */
const QUARTERS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

interface Arithmetic {
  add(a: Code, b: Code): Code;
  xor(a: Code, b: Code): Code;
  rotate(a: Code, bits: 16 | 12 | 8 | 7, spare: Local): Code;
}

const scalar: Arithmetic = { add, xor, rotate: (a, bits) => rotr(a, i32(bits)) };

const wordLanes = (bytes: readonly number[]): number[] =>
  [0, 4, 8, 12].flatMap((word) => bytes.map((byte) => word + byte));
const ROTATE_16 = wordLanes([2, 3, 0, 1]);
const ROTATE_8 = wordLanes([1, 2, 3, 0]);

const fourWide: Arithmetic = {
  add: vAdd,
  xor: vXor,
  rotate: (a, bits, spare) => {
    // One instruction each; a shuffle of the same lanes would become two.
    if (bits === 16) return vSwizzle(a, vConst(ROTATE_16));
    if (bits === 8) return vSwizzle(a, vConst(ROTATE_8));
    return vOr(vShrU(spare.tee(a), bits), vShl(spare.get, 32 - bits));
  },
};

/** The seven rounds of BLAKE3's compression over 16 words of state; straight-line code. The message is added first: what waits for it is ready last. */
function rounds(kind: Arithmetic, state: readonly Local[], message: readonly Local[], spare: Local): Code {
  const code: number[] = [];
  const at = (list: readonly Local[], index: number): Local => {
    const local = list[index];
    if (local === undefined) throw new RangeError('no such word');
    return local;
  };
  let order = message.map((_, index) => index);
  for (let round = 0; round < ROUNDS; round += 1) {
    QUARTERS.forEach(([ia, ib, ic, id], step) => {
      const [a, b, c, d] = [at(state, ia), at(state, ib), at(state, ic), at(state, id)];
      const x = at(message, order[step * 2] ?? 0);
      const y = at(message, order[step * 2 + 1] ?? 0);
      code.push(
        ...a.set(kind.add(kind.add(a.get, x.get), b.get)),
        ...d.set(kind.rotate(kind.xor(d.get, a.get), 16, spare)),
        ...c.set(kind.add(c.get, d.get)),
        ...b.set(kind.rotate(kind.xor(b.get, c.get), 12, spare)),
        ...a.set(kind.add(kind.add(a.get, y.get), b.get)),
        ...d.set(kind.rotate(kind.xor(d.get, a.get), 8, spare)),
        ...c.set(kind.add(c.get, d.get)),
        ...b.set(kind.rotate(kind.xor(b.get, c.get), 7, spare)),
      );
    });
    order = PERMUTATION.map((index) => order[index] ?? 0);
  }
  return code;
}

/** `compress(value, block, counter, length, flags, to)`: one compression; the first 32 bytes of its output go to `to`. Gives 0. */
export function compressKernel(): FunctionBuilder {
  const f = new FunctionBuilder('compress', 6);
  const [value, from, counter, length, flags, to] = [0, 1, 2, 3, 4, 5].map((index) => f.parameter(index)) as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const state = Array.from({ length: 16 }, () => f.local(I32));
  const message = Array.from({ length: 16 }, () => f.local(I32));
  const spare = f.local(I32);
  const start = [
    ...Array.from({ length: 8 }, (_, index) => load32(value.get, index * 4)),
    ...INITIAL.map((word) => i32(word)),
    counter.get,
    i32(0),
    length.get,
    flags.get,
  ];
  f.body = [
    ...message.flatMap((word, index) => word.set(load32(from.get, index * 4))),
    ...state.flatMap((word, index) => word.set(start[index] ?? [])),
    ...rounds(scalar, state, message, spare),
    ...state
      .slice(0, 8)
      .flatMap((word, index) => store32(to.get, xor(word.get, state[index + 8]?.get ?? []), index * 4)),
    ...give(i32(0)),
    ...unreachable,
  ];
  return f;
}

/**
 * `leaves(from, fours, counter, to)`: chaining values of 4 × `fours` whole leaves of 1,024 bytes that follow one another, the first of them number
 * `counter`, four at a time; 32 bytes each to `to`. Gives 0. The key stands at `keyAt`.
 */
export function leavesKernel(keyAt: number): FunctionBuilder {
  return foursKernel('leaves', keyAt, LEAF_BYTES, KEYED_HASH);
}

/** `parents(from, fours, counter, to)`: the same for parents (pairs of chaining values, 64 bytes each); `counter` must be 0. `to` may be `from`. */
export function parentsKernel(keyAt: number): FunctionBuilder {
  return foursKernel('parents', keyAt, BLOCK_BYTES, KEYED_HASH | PARENT);
}

function foursKernel(name: string, keyAt: number, strideBytes: number, baseFlags: number): FunctionBuilder {
  const f = new FunctionBuilder(name, 4);
  const [from, fours, counter, to] = [0, 1, 2, 3].map((index) => f.parameter(index)) as [Local, Local, Local, Local];
  const blocksLeft = f.local(I32);
  const value = Array.from({ length: 8 }, () => f.local(V128));
  const state = Array.from({ length: 16 }, () => f.local(V128));
  const message = Array.from({ length: 16 }, () => f.local(V128));
  const spare = f.local(V128);
  const isLeaf = strideBytes === LEAF_BYTES;
  const blocks = strideBytes / BLOCK_BYTES;
  const flags = isLeaf
    ? or(
        or(i32(baseFlags), eq(blocksLeft.get, i32(blocks))),
        shl(eq(blocksLeft.get, i32(1)), i32(1)), // CHUNK_START and CHUNK_END
      )
    : i32(baseFlags);
  const start = [
    ...value.map((word) => word.get),
    ...INITIAL.map((word) => vSplat(i32(word))),
    isLeaf ? vAdd(vSplat(counter.get), vConst([0, 1, 2, 3].flatMap((lane) => [lane, 0, 0, 0]))) : vSplat(i32(0)),
    vSplat(i32(0)),
    vSplat(i32(BLOCK_BYTES)),
    vSplat(flags),
  ];
  const oneBlock: Code = [
    ...[0, 1, 2, 3].flatMap((quarter) =>
      transpose(
        [0, 1, 2, 3].map((lane) => vLoad(from.get, lane * strideBytes + quarter * 16)),
        message.slice(quarter * 4, quarter * 4 + 4),
        state,
      ),
    ),
    ...state.flatMap((word, index) => word.set(start[index] ?? [])),
    ...rounds(fourWide, state, message, spare),
    ...value.flatMap((word, index) => word.set(vXor(state[index]?.get ?? [], state[index + 8]?.get ?? []))),
    ...from.set(add(from.get, i32(BLOCK_BYTES))),
  ];
  const oneFour: Code = [
    ...value.flatMap((word, index) => word.set(vSplat(load32(i32(keyAt), index * 4)))),
    ...(blocks === 1
      ? oneBlock
      : [
          ...blocksLeft.set(i32(blocks)),
          ...loop([...oneBlock, ...jumpIf(0, blocksLeft.tee(sub(blocksLeft.get, i32(1))))]),
        ]),
    ...from.set(add(from.get, i32(strideBytes * 3))),
    ...[0, 1].flatMap((half) => [
      ...transpose(
        value.slice(half * 4, half * 4 + 4).map((word) => word.get),
        message.slice(0, 4),
        state,
      ),
      ...[0, 1, 2, 3].flatMap((lane) => vStore(to.get, message[lane]?.get ?? [], lane * 32 + half * 16)),
    ]),
    ...to.set(add(to.get, i32(128))),
    ...counter.set(add(counter.get, i32(4))),
    ...fours.set(sub(fours.get, i32(1))),
  ];
  f.body = [...block(loop([...jumpIf(1, isZero(fours.get)), ...oneFour, ...jump(0)])), ...give(i32(0)), ...unreachable];
  return f;
}

const LOW_WORDS = [0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23];
const HIGH_WORDS = LOW_WORDS.map((lane) => lane + 8);
const LOW_HALVES = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const HIGH_HALVES = LOW_HALVES.map((lane) => lane + 8);

/** Four rows of four words into `into`, each of which becomes a column. `spares` are scribbled on. */
function transpose(rows: readonly Code[], into: readonly Local[], spares: readonly Local[]): Code {
  const [a, b, c, d] = spares as [Local, Local, Local, Local];
  const [low01, high01, low23, high23] = spares.slice(4) as [Local, Local, Local, Local];
  const [m0, m1, m2, m3] = into as [Local, Local, Local, Local];
  return [
    ...[a, b, c, d].flatMap((local, index) => local.set(rows[index] ?? [])),
    ...low01.set(vShuffle(a.get, b.get, LOW_WORDS)),
    ...high01.set(vShuffle(a.get, b.get, HIGH_WORDS)),
    ...low23.set(vShuffle(c.get, d.get, LOW_WORDS)),
    ...high23.set(vShuffle(c.get, d.get, HIGH_WORDS)),
    ...m0.set(vShuffle(low01.get, low23.get, LOW_HALVES)),
    ...m1.set(vShuffle(low01.get, low23.get, HIGH_HALVES)),
    ...m2.set(vShuffle(high01.get, high23.get, LOW_HALVES)),
    ...m3.set(vShuffle(high01.get, high23.get, HIGH_HALVES)),
  ];
}
