import { PickleBreak } from './break.js';
import * as calls from './calls.js';
import * as containers from './containers.js';
import * as literals from './literals.js';
import type { Handler, PickleState } from './state.js';
import { indexArgument } from './text-arguments.js';
import { BUFFER, EMPTY_TUPLE, FALSE, NONE, TRUE, nameOf } from './values.js';

const u8 = ({ cursor }: PickleState): number => cursor.u8();
const u16 = ({ cursor }: PickleState): number => cursor.u16();
const u32 = ({ cursor }: PickleState): number => cursor.u32();
const i32 = ({ cursor }: PickleState): number => cursor.i32();
const u64 = ({ cursor }: PickleState): number => cursor.u64();
const index = (state: PickleState): number => {
  const line = state.cursor.line();
  if (state.cursor.isLineOpen()) throw new PickleBreak('a line without an end');
  const { value, isCanonical } = indexArgument(line);
  if (!isCanonical) state.noncanonical('a place in the memo in a form that readers take differently');
  return value;
};

const NEWEST_PROTOCOL = 5;

const proto: Handler = (state) => {
  const version = state.cursor.u8();
  if (version > NEWEST_PROTOCOL) state.broken(`protocol ${version}`);
  if (state.cursor.opcodeOffset !== state.startByte) state.noncanonical('PROTO in the middle of the stream');
  state.protocol = version;
};

const frame: Handler = (state) => {
  const { cursor } = state;
  const length = cursor.u64();
  if (state.frameEnd > cursor.opcodeOffset) state.noncanonical('a frame in a frame');
  if (cursor.offset + length > cursor.endByte) state.broken('a frame that ends beyond the file');
  state.frameEnd = cursor.offset + length;
};

const stop: Handler = (state) => {
  if (state.frameEnd > state.cursor.offset) state.noncanonical('it stops before its frame ends');
  state.isStopped = true;
};

const readOnly: Handler = (state) => {
  const value = state.top();
  if (value.kind === 'bytes' || value.kind === 'buffer') return;
  state.noncanonical(`READONLY_BUFFER of ${nameOf(value)}`);
};

const nextBuffer: Handler = (state) => {
  state.noncanonical('a buffer that stands elsewhere (NEXT_BUFFER)');
  state.push(BUFFER);
};

/** All 68 opcodes of protocols 0 to 5 (`pickletools` of CPython): byte, what a reader does. */
const OPCODES: readonly (readonly [byte: number, handler: Handler])[] = [
  [0x80, proto],
  [0x95, frame],
  [0x2e, stop],
  [0x28, (state) => state.mark()],
  [0x30, containers.pop],
  [0x31, (state) => void state.popToMark()],
  [0x32, containers.dup],
  [0x4e, (state) => state.push(NONE)],
  [0x88, (state) => state.push(TRUE)],
  [0x89, (state) => state.push(FALSE)],
  [0x49, literals.readInt],
  [0x4c, literals.readLong],
  [0x46, literals.readFloat],
  [0x4a, literals.readBinInt],
  [0x4b, literals.readBinInt1],
  [0x4d, literals.readBinInt2],
  [0x8a, literals.readLong1],
  [0x8b, literals.readLong4],
  [0x47, literals.readBinFloat],
  [0x53, literals.readString],
  [0x54, literals.readOldStr(i32)],
  [0x55, literals.readOldStr(u8)],
  [0x56, literals.readUnicode],
  [0x58, literals.readStr(u32)],
  [0x8c, literals.readStr(u8)],
  [0x8d, literals.readStr(u64)],
  [0x42, literals.readBytes(u32, false)],
  [0x43, literals.readBytes(u8, false)],
  [0x8e, literals.readBytes(u64, false)],
  [0x96, literals.readBytes(u64, true)],
  [0x97, nextBuffer],
  [0x98, readOnly],
  [0x5d, (state) => state.push({ kind: 'list', items: [] })],
  [0x29, (state) => state.push(EMPTY_TUPLE)],
  [0x7d, (state) => state.push({ kind: 'dict', entries: [] })],
  [0x8f, (state) => state.push({ kind: 'set', isFrozen: false, items: [] })],
  [0x6c, containers.toList],
  [0x74, containers.toTuple],
  [0x64, containers.toDict],
  [0x91, containers.toFrozenSet],
  [0x85, containers.tupleOf(1)],
  [0x86, containers.tupleOf(2)],
  [0x87, containers.tupleOf(3)],
  [0x61, containers.append],
  [0x65, containers.appends],
  [0x73, containers.setItem],
  [0x75, containers.setItems],
  [0x90, containers.addToSet],
  [0x67, containers.get(index)],
  [0x68, containers.get(u8)],
  [0x6a, containers.get(u32)],
  [0x70, containers.put(index)],
  [0x71, containers.put(u8)],
  [0x72, containers.put(u32)],
  [0x94, containers.put((state) => state.memoSize)],
  [0x63, calls.global],
  [0x93, calls.stackGlobal],
  [0x69, calls.inst],
  [0x6f, calls.obj],
  [0x52, calls.reduce],
  [0x81, calls.newObj],
  [0x92, calls.newObjEx],
  [0x62, calls.build],
  [0x82, calls.extension(u8)],
  [0x83, calls.extension(u16)],
  [0x84, calls.extension(i32)],
  [0x50, calls.persistentLine],
  [0x51, calls.persistent],
];

export const HANDLERS: readonly (Handler | undefined)[] = Array.from(
  { length: 256 },
  (_, byte) => OPCODES.find(([known]) => known === byte)?.[1],
);
