import { PickleBreak } from './break.js';
import { mapOldName } from './compat-names.js';
import { LIMITS } from './limits.js';
import type { PickleValue } from './port.js';
import type { Handler, PickleState } from './state.js';
import { UNKNOWN, nameOf, quoted } from './values.js';

type Call = Extract<PickleValue, { kind: 'object' }>;

const NAME = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/;
const FIRST_PROTOCOL_WITHOUT_OLD_NAMES = 3;
const FIRST_PROTOCOL_WITH_PATHS = 4;

/** Importing runs the module's own code, whether what is in it is used or not. */
function importGlobal(state: PickleState, module: string, name: string): PickleValue {
  if (!NAME.test(module) || !NAME.test(name)) state.noncanonical(`the name ${quoted(`${module} ${name}`)}`);
  if (name.includes('.') && state.protocol < FIRST_PROTOCOL_WITH_PATHS) {
    state.noncanonical(`the path ${quoted(name)} under protocol ${state.protocol}`);
  }
  const mapped = state.protocol < FIRST_PROTOCOL_WITHOUT_OLD_NAMES ? mapOldName(module, name) : undefined;
  state.recorder.import({ module, name, ...(mapped && { mapped }), offsetBytes: state.cursor.opcodeOffset });
  return { kind: 'global', module: mapped?.module ?? module, name: mapped?.name ?? name };
}

/** GLOBAL and INST: two lines, in UTF-8. Python's reader takes the second one without its end, too, and imports. */
function importByLines(state: PickleState): PickleValue {
  const { cursor } = state;
  const module = cursor.line(LIMITS.nameBytes);
  if (cursor.isLineOpen()) throw new PickleBreak('it ends in the name of a module');
  const name = cursor.line(LIMITS.nameBytes);
  const isOpen = cursor.isLineOpen();
  const value = importGlobal(state, fromLatin1(module), fromLatin1(name));
  if (isOpen) throw new PickleBreak('it ends in the name of what is imported');
  return value;
}

function fromLatin1(line: string): string {
  return Buffer.from(line, 'latin1').toString('utf8');
}

export const global: Handler = (state) => state.push(importByLines(state));

export const stackGlobal: Handler = (state) => {
  const name = state.pop();
  const module = state.pop();
  if (name.kind === 'str' && module.kind === 'str' && name.text !== undefined && module.text !== undefined) {
    if (Math.max(name.lengthBytes, module.lengthBytes) > LIMITS.nameBytes)
      throw new PickleBreak('a very long name', 'LIMIT-HIT');
    state.push(importGlobal(state, module.text, name.text));
    return;
  }
  const evidence = `an import by the name of ${nameOf(module)} and ${nameOf(name)}`;
  state.recorder.finding('PKL-IMPORT-UNKNOWN', evidence, state.cursor.opcodeOffset);
  state.broken(evidence);
  state.push(UNKNOWN);
};

/** EXT1, EXT2, EXT4: what stands in the registry of the reader's program under this number. */
export function extension(codeOf: (state: PickleState) => number): Handler {
  return (state) => {
    const code = codeOf(state);
    if (code <= 0) throw new PickleBreak('an extension with a number below 1');
    const { opcodeOffset } = state.cursor;
    state.recorder.finding('PKL-EXTENSION', `extension ${code} of the reader's registry`, opcodeOffset);
    state.recorder.import({ module: 'copyreg', name: `extension_${code}`, offsetBytes: opcodeOffset });
    state.push({ kind: 'global', module: 'copyreg', name: `extension_${code}` });
  };
}

function call(
  state: PickleState,
  how: Call['how'],
  callee: PickleValue,
  args: readonly PickleValue[],
  kwargs?: PickleValue,
): void {
  if (callee.kind !== 'global' && callee.kind !== 'object' && callee.kind !== 'persistent') {
    state.broken(`a call of ${nameOf(callee)}`);
  }
  const result: Call = { kind: 'object', how, callee, args, ...(kwargs && { kwargs }), items: [], entries: [] };
  state.recorder.call({ target: callee, args, result, offsetBytes: state.cursor.opcodeOffset });
  state.push(result);
}

/** C wants a tuple; Python takes whatever can be gone through. */
function argumentsOf(state: PickleState, args: PickleValue): readonly PickleValue[] {
  if (args.kind === 'tuple') return args.items;
  state.noncanonical(`${nameOf(args)} as the arguments of a call`);
  return args.kind === 'list' || args.kind === 'set' ? args.items : [args];
}

export const reduce: Handler = (state) => {
  const args = state.pop();
  call(state, 'reduce', state.pop(), argumentsOf(state, args));
};
export const newObj: Handler = (state) => {
  const args = state.pop();
  call(state, 'newobj', state.pop(), argumentsOf(state, args));
};
export const newObjEx: Handler = (state) => {
  const kwargs = state.pop();
  const args = state.pop();
  if (kwargs.kind !== 'dict') state.noncanonical(`${nameOf(kwargs)} as the named arguments of a call`);
  call(state, 'newobj-ex', state.pop(), argumentsOf(state, args), kwargs);
};
export const inst: Handler = (state) => {
  const callee = importByLines(state);
  call(state, 'inst', callee, state.popToMark());
};
export const obj: Handler = (state) => {
  const [callee, ...args] = state.popToMark();
  if (callee === undefined) throw new PickleBreak('OBJ of nothing');
  call(state, 'obj', callee, args);
};

/** `__setstate__`, or writing into `__dict__`, and into slots where the state is a pair. */
export const build: Handler = (state) => {
  const value = state.pop();
  const target = state.top();
  const { opcodeOffset } = state.cursor;
  if (target.kind === 'object' || target.kind === 'global') {
    state.recorder.call({ target, args: [value], method: '__setstate__', offsetBytes: opcodeOffset });
  } else state.broken(`BUILD of ${nameOf(target)}`);
  if (target.kind === 'global') {
    state.recorder.finding('PKL-BUILD-GLOBAL', `it writes attributes of ${nameOf(target)}`, opcodeOffset);
  }
  if (target.kind !== 'object') return;
  target.state = value;
  if (state.rules.hasHook) state.pause = { what: 'after-build', object: target };
};

export const persistentLine: Handler = (state) => {
  const { cursor } = state;
  const offsetBytes = cursor.offset;
  const text = cursor.line(LIMITS.lineBytes, true);
  if (cursor.isLineOpen()) throw new PickleBreak('a line without an end');
  state.noncanonical(`the persistent id ${quoted(text)}, which means what its reader makes of it`);
  pushPersistent(state, { kind: 'str', text, offsetBytes, lengthBytes: text.length });
};

export const persistent: Handler = (state) => {
  const id = state.pop();
  if (!state.rules.isPersistentIdAllowed) {
    const evidence = `a persistent id (${nameOf(id)}), which means what its reader makes of it`;
    state.recorder.finding('PKL-PERSID', evidence, state.cursor.opcodeOffset);
  }
  pushPersistent(state, id);
};

function pushPersistent(state: PickleState, id: PickleValue): void {
  state.recorder.persistentId(id);
  state.push({ kind: 'persistent', id });
}
