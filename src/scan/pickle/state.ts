import { PickleBreak } from './break.js';
import type { PickleCursor } from './cursor.js';
import { LIMITS } from './limits.js';
import type { PickleValue } from './port.js';
import type { Recorder } from './recorder.js';

/** What the driver must do between two opcodes, because it takes waiting. */
export type Pause =
  | { readonly what: 'check-text'; readonly startByte: number; readonly lengthBytes: number }
  /** To its newline, from where the cursor is. */
  | { readonly what: 'skip-line' }
  | { readonly what: 'after-build'; readonly object: PickleValue };

const TOO_LITTLE = 'it takes more from the stack than is there';

/** What a reader holds while it reads: the stack with its marks, the memo, the protocol, the frame. */
export class PickleState {
  readonly stack: PickleValue[] = [];
  /** Heights of the stack; nothing is taken from below the last one. */
  readonly marks: number[] = [];
  private readonly memo: (PickleValue | undefined)[] = [];
  private readonly farMemo = new Map<number, PickleValue>();
  memoSize = 0;
  /** As the last PROTO said. */
  protocol = 0;
  /** Of the open frame; -1 where none is. */
  frameEnd = -1;
  heldTextBytes = 0;
  /** How often the memo was read, and the top doubled in a row. */
  gets = 0;
  dups = 0;
  isStopped = false;
  pause: Pause | undefined;
  private fence = 0;

  constructor(
    readonly cursor: PickleCursor,
    readonly recorder: Recorder,
    readonly startByte: number,
    readonly rules: {
      readonly isPersistentIdAllowed: boolean;
      readonly isEncodingUtf8: boolean;
      readonly hasHook: boolean;
    },
  ) {}

  push(value: PickleValue): void {
    if (this.stack.length >= LIMITS.stack)
      throw new PickleBreak(`more than ${LIMITS.stack} values on the stack`, 'LIMIT-HIT');
    this.stack.push(value);
  }

  pop(): PickleValue {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  /** In the order in which they were pushed. */
  popMany(count: number): PickleValue[] {
    const start = this.stack.length - count;
    if (start < this.fence) throw new PickleBreak(TOO_LITTLE);
    return this.stack.splice(start);
  }

  top(): PickleValue {
    const value = this.stack.length > this.fence ? this.stack[this.stack.length - 1] : undefined;
    if (value === undefined) throw new PickleBreak(TOO_LITTLE);
    return value;
  }

  get isMarkOnTop(): boolean {
    return this.marks.length > 0 && this.stack.length === this.fence;
  }

  mark(): void {
    if (this.marks.length >= LIMITS.stack) throw new PickleBreak(`more than ${LIMITS.stack} marks`, 'LIMIT-HIT');
    this.fence = this.stack.length;
    this.marks.push(this.fence);
  }

  /** All above the last mark, which is gone with them. */
  popToMark(): PickleValue[] {
    const start = this.marks.pop();
    if (start === undefined) throw new PickleBreak('there is no mark to go back to');
    this.fence = this.marks[this.marks.length - 1] ?? 0;
    return this.stack.splice(start);
  }

  memoize(key: number, value: PickleValue): void {
    if (this.recall(key) === undefined) {
      if (this.memoSize >= LIMITS.memo)
        throw new PickleBreak(`more than ${LIMITS.memo} entries in the memo`, 'LIMIT-HIT');
      this.memoSize += 1;
    }
    if (key < LIMITS.memo) this.memo[key] = value;
    else {
      this.noncanonical(
        'an entry of the memo that stands far from all others, for which one reader makes room and another does not',
      );
      this.farMemo.set(key, value);
    }
  }

  recall(key: number): PickleValue | undefined {
    return key < LIMITS.memo ? this.memo[key] : this.farMemo.get(key);
  }

  /** The stream does what readers do not agree on. It is followed as the one would that goes on. */
  noncanonical(reason: string): void {
    this.recorder.finding('PKL-NONCANONICAL', reason, this.cursor.opcodeOffset);
  }

  /** Readers stop here, or some do. What comes then is followed all the same: what it would import is worth knowing. */
  broken(reason: string): void {
    this.recorder.isBroken = true;
    this.recorder.finding('PKL-BROKEN', reason, this.cursor.opcodeOffset);
  }
}

export type Handler = (state: PickleState) => void;
