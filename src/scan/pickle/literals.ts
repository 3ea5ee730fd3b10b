import { PickleBreak } from './break.js';
import { LIMITS } from './limits.js';
import { payloadCoding } from './payload.js';
import type { PickleValue } from './port.js';
import type { Handler, PickleState } from './state.js';
import {
  floatArgument,
  intArgument,
  longArgument,
  stringArgument,
  unicodeArgument,
  type TextArgument,
} from './text-arguments.js';
import { judgeUtf8 } from './utf8.js';
import { FALSE, TRUE, intValue } from './values.js';

function lineOf<Value>(
  state: PickleState,
  what: string,
  read: (line: string) => TextArgument<Value>,
  isText = false,
): Value {
  const line = state.cursor.line(LIMITS.lineBytes, isText);
  if (state.cursor.isLineOpen()) throw new PickleBreak('a line without an end');
  const { value, isCanonical } = read(line);
  if (!isCanonical) state.noncanonical(`${what} in a form that readers take differently`);
  return value;
}

export const readInt: Handler = (state) => {
  const value = lineOf(state, 'INT', intArgument);
  state.push(typeof value === 'boolean' ? (value ? TRUE : FALSE) : { kind: 'int', value });
};
export const readLong: Handler = (state) => state.push({ kind: 'int', value: lineOf(state, 'LONG', longArgument) });
export const readFloat: Handler = (state) =>
  state.push({ kind: 'float', value: lineOf(state, 'FLOAT', floatArgument) });
export const readBinInt: Handler = (state) => state.push(intValue(state.cursor.i32()));
export const readBinInt1: Handler = (state) => state.push(intValue(state.cursor.u8()));
export const readBinInt2: Handler = (state) => state.push(intValue(state.cursor.u16()));
export const readBinFloat: Handler = (state) => state.push({ kind: 'float', value: state.cursor.f64() });
export const readLong1: Handler = (state) => state.push({ kind: 'int', value: longOf(state, state.cursor.u8()) });
export const readLong4: Handler = (state) => {
  const length = state.cursor.i32();
  if (length < 0) throw new PickleBreak('a number of fewer than no bytes');
  if (length > LIMITS.longBytes) throw new PickleBreak(`a number of ${length} bytes`, 'LIMIT-HIT');
  state.push({ kind: 'int', value: longOf(state, length) });
};

/** Little-endian two's complement. */
function longOf({ cursor }: PickleState, length: number): bigint {
  if (length === 0) return 0n;
  const at = cursor.take(length);
  const bytes = Buffer.from(cursor.window.subarray(at, at + length)).reverse();
  return BigInt.asIntN(length * 8, BigInt(`0x${bytes.toString('hex')}`));
}

const QUOTE = 0x22;
const QUOTES = new Set([QUOTE, 0x27]);

/** STRING and UNICODE stand in lines: places and lengths are those of the line. */
function textLine(what: string, read: (line: string) => TextArgument<string>): Handler {
  return (state) => {
    const { cursor } = state;
    const start = cursor.offset;
    if (what === 'UNICODE' && cursor.isLongLine(LIMITS.lineBytes)) {
      longUnicode(state);
      return;
    }
    // Without its quote STRING is none to anybody, however long.
    const isText = what === 'UNICODE' || QUOTES.has(cursor.window[cursor.index] ?? QUOTE);
    const text = lineOf(state, what, read, isText);
    const lengthBytes = cursor.offset - 1 - start;
    const coding = payloadCoding(Buffer.from(text, 'latin1'), 0, text.length, text.length);
    if (coding !== undefined) state.recorder.payload({ offsetBytes: start, lengthBytes, coding, text });
    state.push({ kind: 'str', ...held(state, text, lengthBytes), offsetBytes: start, lengthBytes });
  };
}

/** UNICODE that is not held: where readers go on behind it is certain, whether they take what is in it is not. */
function longUnicode(state: PickleState): void {
  const { cursor, recorder } = state;
  const end = cursor.index + PAYLOAD_HEAD_BYTES;
  if (payloadCoding(cursor.window, cursor.index, end, LIMITS.lineBytes) !== undefined)
    recorder.finding('LIMIT-HIT', 'a line that looks like a file, too long to be looked into', cursor.opcodeOffset);
  state.noncanonical(`a line of UNICODE of more than ${LIMITS.lineBytes} bytes`);
  state.push({ kind: 'str', offsetBytes: cursor.offset, lengthBytes: LIMITS.lineBytes });
  state.pause = { what: 'skip-line' };
}

export const readString = textLine('STRING', stringArgument);
export const readUnicode = textLine('UNICODE', unicodeArgument);

function held(state: PickleState, text: string, lengthBytes: number): { readonly text?: string } {
  if (state.heldTextBytes + lengthBytes > LIMITS.heldTextBytes) return {};
  state.heldTextBytes += lengthBytes;
  return { text };
}

/** Text in UTF-8. */
export function readStr(lengthOf: (state: PickleState) => number): Handler {
  return (state) => state.push(binaryText(state, lengthOf(state), false));
}

/** The string of Python 2: bytes that a reader decodes as it was told to. */
export function readOldStr(lengthOf: (state: PickleState) => number): Handler {
  return (state) => {
    const length = lengthOf(state);
    if (length < 0) throw new PickleBreak('a string of fewer than no bytes');
    state.push(binaryText(state, length, !state.rules.isEncodingUtf8));
  };
}

function binaryText(state: PickleState, lengthBytes: number, mustBeAscii: boolean): PickleValue {
  const { cursor } = state;
  if (lengthBytes > LIMITS.textBytes) {
    notePayload(state, lengthBytes);
    const offsetBytes = cursor.skip(lengthBytes);
    state.pause = { what: 'check-text', startByte: offsetBytes, lengthBytes };
    if (mustBeAscii) state.noncanonical('a long string of bytes, which readers decode differently');
    return { kind: 'str', offsetBytes, lengthBytes };
  }
  const at = cursor.take(lengthBytes);
  const { window } = cursor;
  const end = at + lengthBytes;
  const offsetBytes = cursor.offset - lengthBytes;
  const coding = payloadCoding(window, at, end, lengthBytes);
  if (coding !== undefined) state.recorder.payload({ offsetBytes, lengthBytes, coding });
  if (isAscii(window, at, end))
    return { kind: 'str', ...held(state, window.toString('latin1', at, end), lengthBytes), offsetBytes, lengthBytes };
  if (mustBeAscii) state.noncanonical('a string of bytes beyond ASCII, which readers decode differently');
  const judged = judgeUtf8(window.subarray(at, end));
  if (judged === 'wrong' && !mustBeAscii) state.broken('text that is not UTF-8');
  if (judged === 'surrogates' && !mustBeAscii) state.noncanonical('text with half a character (a lone surrogate)');
  const text = judged === 'utf8' ? window.toString('utf8', at, end) : window.toString('latin1', at, end);
  return { kind: 'str', ...held(state, text, lengthBytes), offsetBytes, lengthBytes };
}

function isAscii(window: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if ((window[at] ?? 0) >= 0x80) return false;
  return true;
}

export function readBytes(lengthOf: (state: PickleState) => number, isMutable: boolean): Handler {
  return (state) => {
    const lengthBytes = lengthOf(state);
    notePayload(state, lengthBytes);
    state.push({ kind: 'bytes', isMutable, offsetBytes: state.cursor.skip(lengthBytes), lengthBytes });
  };
}

/** As much of a payload as tells what it begins like. */
const PAYLOAD_HEAD_BYTES = 4096;

function notePayload({ cursor, recorder }: PickleState, lengthBytes: number): void {
  const head = Math.min(lengthBytes, PAYLOAD_HEAD_BYTES);
  cursor.require(head);
  const coding = payloadCoding(cursor.window, cursor.index, cursor.index + head, lengthBytes);
  if (coding !== undefined) recorder.payload({ offsetBytes: cursor.offset, lengthBytes, coding });
}
