import {
  FunctionBuilder,
  I32,
  V128,
  add,
  and,
  block,
  copy,
  eq,
  geU,
  give,
  gtU,
  i32,
  isZero,
  jump,
  jumpIf,
  load16,
  load8,
  loop,
  ltU,
  mul,
  or,
  shrU,
  sub,
  unreachable,
  vLoad,
  vStore,
  vSwizzle,
  when,
  type Code,
  type Local,
} from './emit.js';

/** Where `patternTables` stand in the memory. */
export const PATTERN_TABLES_AT = 0;

/** For each offset below 16: which byte of the last `offset` ones comes at each of the next 16 places (16 × 16 bytes), then how far whole repeats reach (16 bytes). */
export function patternTables(): Uint8Array {
  const tables = new Uint8Array(17 * 16);
  for (let offset = 1; offset < 16; offset += 1) {
    for (let place = 0; place < 16; place += 1) tables[offset * 16 + place] = place % offset;
    tables[256 + offset] = 16 - (16 % offset);
  }
  return tables;
}

/** Runs of literals longer than this are copied by the memory's own copy. */
const LONG_BYTES = 256;

const LITERALS_LONGER = 15;
const FAILED = -1;

/**
 * `lz4(from, fromEnd, to, toLow, toEnd)`: decodes one LZ4 block (lz4_Block_format.md) from [from, fromEnd) to `to`; matches may reach back to `toLow`.
 * Gives where the output ends, or -1 when the block is not well formed or does not fit before `toEnd`. Up to 16 bytes behind the output are
 * scribbled on, up to 16 behind the input are read; nothing else outside of the bounds is touched.
 */
export function lz4Kernel(): FunctionBuilder {
  const f = new FunctionBuilder('lz4', 5);
  const from = f.parameter(0);
  const fromEnd = f.parameter(1);
  const to = f.parameter(2);
  const toLow = f.parameter(3);
  const toEnd = f.parameter(4);
  const token = f.local(I32);
  const length = f.local(I32);
  const byte = f.local(I32);
  const offset = f.local(I32);
  const source = f.local(I32);
  const end = f.local(I32);
  const step = f.local(I32);
  const pattern = f.local(V128);

  const fail = give(i32(FAILED));
  const failWhen = (condition: Code): Code => when(condition, fail);

  /** Further bytes of a length, each up to 255. The input's bound keeps the sum below 2^31. */
  const longer = loop([
    ...failWhen(geU(from.get, fromEnd.get)),
    ...byte.set(load8(from.get)),
    ...step1(from),
    ...length.set(add(length.get, byte.get)),
    ...jumpIf(0, eq(byte.get, i32(255))),
  ]);

  const literals: Code = [
    ...length.set(shrU(token.get, i32(4))),
    ...when(eq(length.get, i32(LITERALS_LONGER)), longer),
    ...failWhen(gtU(length.get, sub(fromEnd.get, from.get))),
    ...failWhen(gtU(length.get, sub(toEnd.get, to.get))),
    ...when(
      gtU(length.get, i32(LONG_BYTES)),
      [
        ...copy(to.get, from.get, length.get),
        ...to.set(add(to.get, length.get)),
        ...from.set(add(from.get, length.get)),
      ],
      [
        ...end.set(add(to.get, length.get)),
        ...source.set(from.get),
        ...loop([
          ...vStore(to.get, vLoad(source.get)),
          ...to.set(add(to.get, i32(16))),
          ...source.set(add(source.get, i32(16))),
          ...jumpIf(0, ltU(to.get, end.get)),
        ]),
        ...to.set(end.get),
        ...from.set(add(from.get, length.get)),
      ],
    ),
  ];

  const farMatch: Code = loop([
    ...vStore(to.get, vLoad(source.get)),
    ...to.set(add(to.get, i32(16))),
    ...source.set(add(source.get, i32(16))),
    ...jumpIf(0, ltU(to.get, end.get)),
  ]);
  const nearMatch: Code = [
    ...pattern.set(vSwizzle(vLoad(source.get), vLoad(mul(offset.get, i32(16)), PATTERN_TABLES_AT))),
    ...step.set(load8(offset.get, PATTERN_TABLES_AT + 256)),
    ...loop([...vStore(to.get, pattern.get), ...to.set(add(to.get, step.get)), ...jumpIf(0, ltU(to.get, end.get))]),
  ];
  const match: Code = [
    ...failWhen(ltU(sub(fromEnd.get, from.get), i32(2))),
    ...offset.set(load16(from.get)),
    ...from.set(add(from.get, i32(2))),
    ...failWhen(or(isZero(offset.get), gtU(offset.get, sub(to.get, toLow.get)))),
    ...length.set(and(token.get, i32(15))),
    ...when(eq(length.get, i32(15)), longer),
    ...length.set(add(length.get, i32(4))),
    ...failWhen(gtU(length.get, sub(toEnd.get, to.get))),
    ...end.set(add(to.get, length.get)),
    ...source.set(sub(to.get, offset.get)),
    ...when(geU(offset.get, i32(16)), farMatch, nearMatch),
    ...to.set(end.get),
  ];

  f.body = [
    ...block(
      loop([
        ...failWhen(geU(from.get, fromEnd.get)),
        ...token.set(load8(from.get)),
        ...step1(from),
        ...literals,
        ...jumpIf(1, eq(from.get, fromEnd.get)),
        ...match,
        ...jump(0),
      ]),
    ),
    ...give(to.get),
    ...unreachable,
  ];
  return f;
}

function step1(local: Local): Code {
  return local.set(add(local.get, i32(1)));
}
