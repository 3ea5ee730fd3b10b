import type { ByteSource } from '../port.js';
import { PickleBreak } from './break.js';
import { tellExpansion } from './containers.js';
import { NeedBytes, PickleCursor } from './cursor.js';
import { LIMITS } from './limits.js';
import { HANDLERS } from './opcodes.js';
import type { PickleImport, PickleOptions, PickleRun, RunPickle } from './port.js';
import { Recorder } from './recorder.js';
import { PickleState } from './state.js';
import { judgeLongUtf8 } from './utf8.js';

/**
 * Follows one stream as a reader would, without importing or calling anything: opcodes of protocols 0 to 5, the stack with its marks, the memo,
 * frames. What readers (C, Python, pickletools) take differently is `noncanonical`. A few hundred bytes are kept for each value, of long ones only
 * the place.
 */
export const runPickle: RunPickle = async (bytes, startByte, members, options = {}) => {
  const recorder = new Recorder(members);
  const cursor = new PickleCursor(bytes, startByte);
  const state = new PickleState(cursor, recorder, startByte, {
    isPersistentIdAllowed: options.isPersistentIdAllowed ?? false,
    isEncodingUtf8: options.isEncodingUtf8 ?? false,
    hasHook: options.afterBuild !== undefined,
  });
  const seen = new Uint8Array(HANDLERS.length);
  const budget = { opcodes: LIMITS.opcodes };
  try {
    while (!state.isStopped) {
      if (advance(state, seen, budget) === 'bytes') await cursor.refill();
      else await resolvePause(state, bytes, options);
    }
    return finish(state, seen);
  } catch (thrown) {
    if (!(thrown instanceof PickleBreak)) throw thrown;
    recorder.isBroken = true;
    recorder.finding(thrown.rule, thrown.message, cursor.opcodeOffset);
    return result(state, seen, cursor.opcodeOffset);
  }
};

/** What a pickle does in the first bytes of a file. */
export interface PicklePreview {
  readonly imports: readonly PickleImport[];
  readonly calls: number;
  /** Whether it ends there, by STOP, or by a break. */
  readonly ends: 'stop' | 'break' | 'later';
}

/** Follows a stream as far as it stands in `start`, the first bytes of a file of `sizeBytes`. */
export function previewPickle(start: Buffer, sizeBytes: number): PicklePreview {
  const recorder = new Recorder([]);
  const cursor = new PickleCursor({ sizeBytes, read: () => Promise.reject(new Error('nothing is read')) }, 0);
  cursor.preload(start);
  const state = new PickleState(cursor, recorder, 0, {
    isPersistentIdAllowed: true,
    isEncodingUtf8: true,
    hasHook: false,
  });
  const { imports } = recorder;
  const seen = new Uint8Array(HANDLERS.length);
  const budget = { opcodes: MOST_PREVIEWED };
  try {
    while (!state.isStopped) {
      if (advance(state, seen, budget) === 'bytes') break;
      state.pause = undefined;
    }
  } catch (thrown) {
    if (!(thrown instanceof PickleBreak)) throw thrown;
    return { imports, calls: recorder.calls.length, ends: budget.opcodes <= 0 ? 'later' : 'break' };
  }
  return { imports, calls: recorder.calls.length, ends: state.isStopped ? 'stop' : 'later' };
}

/** Opcodes that tell a pickle from what is none. */
const MOST_PREVIEWED = 100_000;

/** Runs opcodes until one stops the stream, wants bytes, or wants something that takes waiting. */
function advance(state: PickleState, seen: Uint8Array, budget: { opcodes: number }): 'bytes' | 'pause' {
  const { cursor } = state;
  try {
    while (!state.isStopped && state.pause === undefined) {
      cursor.beginOpcode();
      const opcode = cursor.u8();
      const handler = HANDLERS[opcode];
      if (handler === undefined) throw new PickleBreak(`an opcode that there is not: 0x${opcode.toString(16)}`);
      if (budget.opcodes <= 0) throw new PickleBreak(`more than ${LIMITS.opcodes} opcodes`, 'LIMIT-HIT');
      handler(state);
      budget.opcodes -= 1;
      seen[opcode] = 1;
      if (state.frameEnd !== -1 && cursor.offset >= state.frameEnd) closeFrame(state);
    }
    return 'pause';
  } catch (thrown) {
    if (thrown instanceof NeedBytes) return 'bytes';
    throw thrown;
  }
}

function closeFrame(state: PickleState): void {
  if (state.cursor.offset > state.frameEnd) state.noncanonical('an opcode across the end of its frame');
  state.frameEnd = -1;
}

async function resolvePause(state: PickleState, bytes: ByteSource, options: PickleOptions): Promise<void> {
  const { pause, cursor, recorder } = state;
  state.pause = undefined;
  if (pause?.what === 'check-text') {
    const judged = await judgeLongUtf8(bytes, pause.startByte, pause.lengthBytes);
    if (judged === 'wrong') state.broken('text that is not UTF-8');
    if (judged === 'surrogates') state.noncanonical('text with half a character (a lone surrogate)');
  } else if (pause?.what === 'skip-line') {
    cursor.skip((await lineBytesAt(bytes, cursor.offset)) + 1);
  } else if (pause?.what === 'after-build') {
    const lengthBytes = await rawBytesBehind(pause.object, cursor.offset, bytes, options);
    if (lengthBytes === undefined) return;
    if (state.frameEnd !== -1) state.noncanonical('raw data in a frame');
    const startByte = cursor.skip(lengthBytes);
    recorder.rawSpans.push({ startByte, endByte: startByte + lengthBytes });
  }
}

/** How far it is to the newline. */
async function lineBytesAt(bytes: ByteSource, startByte: number): Promise<number> {
  const endByte = Math.min(bytes.sizeBytes, startByte + LIMITS.longLineBytes);
  for (let at = startByte; at < endByte; at += LINE_BLOCK_BYTES) {
    const found = (await bytes.read(at, Math.min(LINE_BLOCK_BYTES, endByte - at))).indexOf(NEWLINE);
    if (found !== -1) return at + found - startByte;
  }
  if (endByte === bytes.sizeBytes) throw new PickleBreak('a line without an end');
  throw new PickleBreak(`a line of more than ${LIMITS.longLineBytes} bytes`, 'LIMIT-HIT');
}

const NEWLINE = 0x0a;
const LINE_BLOCK_BYTES = 256 * 1024;

async function rawBytesBehind(
  object: Parameters<NonNullable<PickleOptions['afterBuild']>>[0],
  offsetBytes: number,
  bytes: ByteSource,
  options: PickleOptions,
): Promise<number | undefined> {
  try {
    return await options.afterBuild?.(object, offsetBytes, bytes);
  } catch (thrown) {
    throw new PickleBreak(thrown instanceof Error ? thrown.message : 'raw data that cannot be told');
  }
}

function finish(state: PickleState, seen: Uint8Array): PickleRun {
  if (state.marks.length > 0) throw new PickleBreak('it stops with an open mark');
  const root = state.pop();
  if (state.stack.length > 0) state.noncanonical('it stops with more than one value');
  tellExpansion(state);
  return { ...result(state, seen, state.cursor.offset), root };
}

function result({ recorder, protocol, startByte }: PickleState, seen: Uint8Array, endByte: number): PickleRun {
  const { imports, calls, persistentIds, payloads, findings, rawSpans } = recorder;
  const outcome = recorder.isBroken ? 'broken' : recorder.isNoncanonical ? 'noncanonical' : 'ok';
  const opcodes = new Set<number>();
  for (let opcode = seen.indexOf(1); opcode !== -1; opcode = seen.indexOf(1, opcode + 1)) opcodes.add(opcode);
  return {
    startByte,
    endByte,
    outcome,
    protocol,
    imports,
    calls,
    persistentIds,
    payloads,
    opcodes,
    findings,
    rawSpans,
  };
}
