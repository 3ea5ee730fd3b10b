import { PickleBreak } from './break.js';
import type { PickleValue } from './port.js';
import type { Handler, PickleState } from './state.js';
import { UNKNOWN, nameOf } from './values.js';

type Pairs = [PickleValue, PickleValue][];

export const toList: Handler = (state) => state.push({ kind: 'list', items: state.popToMark() });
export const toTuple: Handler = (state) => state.push({ kind: 'tuple', items: state.popToMark() });
export const toDict: Handler = (state) => state.push({ kind: 'dict', entries: pairsOf(state, state.popToMark()) });
export const toFrozenSet: Handler = (state) => state.push({ kind: 'set', isFrozen: true, items: state.popToMark() });

export function tupleOf(count: number): Handler {
  return (state) => {
    state.push({ kind: 'tuple', items: state.popMany(count) });
  };
}

function pairsOf(state: PickleState, items: readonly PickleValue[]): Pairs {
  if (items.length % 2 !== 0) throw new PickleBreak('a key without a value');
  const pairs: Pairs = [];
  for (let at = 0; at < items.length; at += 2) {
    const key = items[at] ?? UNKNOWN;
    assertHashable(state, key);
    pairs.push([key, items[at + 1] ?? UNKNOWN]);
  }
  return pairs;
}

function assertHashable(state: PickleState, key: PickleValue): void {
  const isMutable = (key.kind === 'set' && !key.isFrozen) || (key.kind === 'bytes' && key.isMutable);
  if (key.kind === 'list' || key.kind === 'dict' || isMutable) state.broken(`${nameOf(key)} as a key`);
}

export const append: Handler = (state) => {
  const item = state.pop();
  addItems(state, state.top(), [item], 'list', 'append');
};
export const appends: Handler = (state) => {
  const items = state.popToMark();
  addItems(state, state.top(), items, 'list', 'extend');
};
export const addToSet: Handler = (state) => {
  const items = state.popToMark();
  const target = state.top();
  for (const item of items) assertHashable(state, item);
  if (target.kind === 'set' && target.isFrozen) state.broken('a frozen set that is added to');
  addItems(state, target, items, 'set', 'update');
};

function addItems(
  state: PickleState,
  target: PickleValue,
  items: readonly PickleValue[],
  kind: 'list' | 'set',
  method: string,
): void {
  if (target.kind === kind || target.kind === 'object') {
    for (const item of items) target.items.push(item);
    if (target.kind === 'object' && items.length > 0) callMethod(state, target, method);
  } else if (items.length > 0) refuseTarget(state, target, method);
}

export const setItem: Handler = (state) => {
  const value = state.pop();
  const key = state.pop();
  assertHashable(state, key);
  setItemsOf(state, state.top(), [[key, value]]);
};
export const setItems: Handler = (state) => {
  const pairs = pairsOf(state, state.popToMark());
  setItemsOf(state, state.top(), pairs);
};

function setItemsOf(state: PickleState, target: PickleValue, pairs: Pairs): void {
  if (target.kind === 'dict' || target.kind === 'object') {
    for (const pair of pairs) target.entries.push(pair);
    if (target.kind === 'object' && pairs.length > 0) callMethod(state, target, '__setitem__');
  } else if (pairs.length > 0) refuseTarget(state, target, '__setitem__');
}

function callMethod(state: PickleState, target: PickleValue, method: string): void {
  state.recorder.call({ target, args: [], method, offsetBytes: state.cursor.opcodeOffset });
}

/** A module, class or function is shared with the whole program: what is written into it stays there. */
function refuseTarget(state: PickleState, target: PickleValue, method: string): void {
  if (target.kind !== 'global') {
    state.broken(`${method} of ${nameOf(target)}`);
    return;
  }
  callMethod(state, target, method);
  state.recorder.finding('PKL-BUILD-GLOBAL', `it writes into ${nameOf(target)}`, state.cursor.opcodeOffset);
}

export const pop: Handler = (state) => {
  if (!state.isMarkOnTop) {
    state.pop();
    return;
  }
  state.popToMark();
  state.noncanonical('POP of a mark');
};

const DUPS_WORTH_TELLING = 1000;

export const dup: Handler = (state) => {
  state.push(state.top());
  state.dups += 1;
  if (state.dups === DUPS_WORTH_TELLING) expansion(state, `${DUPS_WORTH_TELLING} DUPs`);
};

export function get(keyOf: (state: PickleState) => number): Handler {
  return (state) => {
    const key = keyOf(state);
    const value = state.recall(key);
    if (value === undefined) state.broken(`entry ${key} of the memo, which is not there`);
    state.push(value ?? UNKNOWN);
    state.gets += 1;
  };
}

export function put(keyOf: (state: PickleState) => number): Handler {
  return (state) => state.memoize(keyOf(state), state.top());
}

const GETS_WORTH_TELLING = 100_000;
const GETS_FOR_EACH_PUT = 50;

/** A reader that makes copies of what the stream shares may run out of memory. */
export function tellExpansion(state: PickleState): void {
  if (state.gets > GETS_WORTH_TELLING && state.gets > GETS_FOR_EACH_PUT * state.memoSize) {
    expansion(state, `${state.gets} reads of ${state.memoSize} entries of the memo`);
  }
}

function expansion(state: PickleState, evidence: string): void {
  state.recorder.finding('PKL-EXPANSION', evidence, state.cursor.opcodeOffset);
}
