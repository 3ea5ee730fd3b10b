import {
  FunctionBuilder,
  I32,
  V128,
  add,
  and,
  block,
  geU,
  give,
  gtU,
  i32,
  jump,
  jumpIf,
  load8,
  loop,
  shrU,
  store8,
  unreachable,
  vLoad,
  vShuffle,
  vStore,
  type Code,
} from './emit.js';

const BYTES_LOW = [0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23];
const BYTES_HIGH = BYTES_LOW.map((lane) => lane + 8);
const PAIRS_LOW = [0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23];
const PAIRS_HIGH = PAIRS_LOW.map((lane) => lane + 8);

/**
 * `ungroup(from, to, length)`: puts the four groups of BG4 back together: byte i of the output is byte i / 4 of group i mod 4. 64 bytes a turn,
 * the rest one by one. Touches exactly [to, to + length). Gives 0.
 */
export function bg4Kernel(): FunctionBuilder {
  const f = new FunctionBuilder('ungroup', 3);
  const from = f.parameter(0);
  const to = f.parameter(1);
  const length = f.parameter(2);
  const index = f.local(I32);
  const groups = [0, 1, 2, 3].map(() => f.local(I32));
  const bytes = [0, 1, 2, 3].map(() => f.local(V128));
  const [g0, g1, g2, g3] = groups as [Group, Group, Group, Group];
  const [a, b, c, d] = bytes as [Group, Group, Group, Group];
  const pairs = [0, 1, 2, 3].map(() => f.local(V128)) as [Group, Group, Group, Group];

  const sized = (rank: number): Code => shrU(add(length.get, i32(3 - rank)), i32(2));
  const output = add(to.get, index.get);
  const wide: Code = [
    ...[g0, g1, g2, g3].flatMap((group, rank) =>
      ([a, b, c, d] as const)[rank as 0].set(vLoad(add(group.get, shrU(index.get, i32(2))))),
    ),
    ...pairs[0].set(vShuffle(a.get, b.get, BYTES_LOW)),
    ...pairs[1].set(vShuffle(a.get, b.get, BYTES_HIGH)),
    ...pairs[2].set(vShuffle(c.get, d.get, BYTES_LOW)),
    ...pairs[3].set(vShuffle(c.get, d.get, BYTES_HIGH)),
    ...vStore(output, vShuffle(pairs[0].get, pairs[2].get, PAIRS_LOW)),
    ...vStore(output, vShuffle(pairs[0].get, pairs[2].get, PAIRS_HIGH), 16),
    ...vStore(output, vShuffle(pairs[1].get, pairs[3].get, PAIRS_LOW), 32),
    ...vStore(output, vShuffle(pairs[1].get, pairs[3].get, PAIRS_HIGH), 48),
    ...index.set(add(index.get, i32(64))),
  ];
  f.body = [
    ...g0.set(from.get),
    ...g1.set(add(g0.get, sized(0))),
    ...g2.set(add(g1.get, sized(1))),
    ...g3.set(add(g2.get, sized(2))),
    ...block(loop([...jumpIf(1, gtU(add(index.get, i32(64)), length.get)), ...wide, ...jump(0)])),
    ...block(
      loop([
        ...jumpIf(1, geU(index.get, length.get)),
        ...store8(output, load8(add(nextGroup(index.get, [g0.get, g1.get, g2.get, g3.get]), shrU(index.get, i32(2))))),
        ...index.set(add(index.get, i32(1))),
        ...jump(0),
      ]),
    ),
    ...give(i32(0)),
    ...unreachable,
  ];
  return f;
}

type Group = ReturnType<FunctionBuilder['local']>;

/** The start of the group that byte `index` is in, by selects. */
function nextGroup(index: Code, [g0, g1, g2, g3]: readonly [Code, Code, Code, Code]): Code {
  const select = (yes: Code, no: Code, condition: Code): Code => [...yes, ...no, ...condition, 0x1b];
  const low = and(index, i32(1));
  const high = and(index, i32(2));
  return select(select(g3, g2, low), select(g1, g0, low), high);
}
