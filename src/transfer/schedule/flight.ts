import type { Desk, Work } from '../files/job.js';
import type { Schedule } from '../limits.js';
import type { FileSource } from '../request/file-source.js';
import type { Choice } from './choose.js';
import type { Course } from './cuts.js';
import type { SourceState } from './source-state.js';

/** The first looks at a rate say little. */
const LEAST_RATE_MS = 40;

/** Slow start doubles a rate in a round trip; what varies by less is not that. */
const SPEEDING_UP = 1.5;

/** What is known of the connection that a request will have. */
interface Dialled {
  readonly isRedial: boolean;
  readonly isFresh: boolean;
}

/** A request in flight and how it does. Rates are bytes per millisecond. */
export class Flight<D extends Desk = Desk> {
  readonly job: D;
  readonly from: FileSource;
  readonly work: Work;
  readonly startedMs: number;
  /** It was told to end; what it leaves is for this one. */
  leavesFor: SourceState | undefined;
  /** It was told to end. */
  isLeaving = false;
  /** It was dialled anew in the hope of something better. */
  isRedial: boolean;
  /** There was surely no connection for it yet: its first answer has the dialling in it. */
  readonly isFresh: boolean;
  isAnswered = false;
  /** Its connection brought nothing before. */
  readonly #isAlone: boolean;
  readonly #windowMs: number;
  readonly #samples: { readonly atMs: number; readonly bytes: number }[] = [];

  constructor({ job, from, work }: Choice<D>, startedMs: number, schedule: Schedule, dialled: Dialled) {
    this.job = job;
    this.from = from;
    this.work = work;
    this.startedMs = startedMs;
    this.isRedial = dialled.isRedial;
    this.isFresh = dialled.isFresh;
    this.#isAlone = from.state.cuts.isAlone || this.isFresh;
    this.#windowMs = schedule.rateWindowMs;
  }

  /** Tells it to end; what it leaves is not for the same source until then. */
  end(reason: string, shunUntilMs: number): void {
    this.isLeaving = true;
    this.job.shun(this.work, shunUntilMs);
    this.work.abort(reason);
  }

  look(nowMs: number): void {
    const { firstByteMs, receivedBytes } = this.work;
    if (firstByteMs === undefined) return;
    if (this.#samples.length === 0) this.#samples.push({ atMs: firstByteMs, bytes: 0 });
    // What we did not read, it could not bring.
    const atMs = nowMs - (this.work.heldMs ?? 0);
    if (atMs <= (this.#samples.at(-1)?.atMs ?? 0)) return;
    this.#samples.push({ atMs, bytes: receivedBytes });
    while (this.#samples.length > 2 && atMs - (this.#samples[1]?.atMs ?? atMs) >= this.#windowMs) this.#samples.shift();
  }

  /** Undefined until bytes came for a while. */
  get rate(): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs - first.atMs < LEAST_RATE_MS) return undefined;
    return (last.bytes - first.bytes) / (last.atMs - first.atMs);
  }

  /** It still speeds up: what came lately came clearly faster than what came before. */
  get isSpeedingUp(): boolean {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined) return false;
    const middleMs = (first.atMs + last.atMs) / 2;
    const middle = this.#samples.findLast(({ atMs }) => atMs <= middleMs) ?? first;
    const before = (middle.bytes - first.bytes) / Math.max(1, middle.atMs - first.atMs);
    const after = (last.bytes - middle.bytes) / Math.max(1, last.atMs - middle.atMs);
    return after > before * SPEEDING_UP;
  }

  /** What it came to. */
  course(nowMs: number): Course {
    const { receivedBytes, askedMs } = this.work;
    return { bytes: receivedBytes, ms: nowMs - (askedMs ?? this.startedMs), endMs: nowMs, isAlone: this.#isAlone };
  }

  silentMs(nowMs: number): number {
    return nowMs - (this.work.lastByteMs ?? this.startedMs);
  }

  /** When it will have brought everything, at this rate where its own is not known. */
  leftMs(expectedRate: number, roundTripMs: number): number {
    const { rate } = this;
    if (rate === undefined) return roundTripMs + this.work.leftBytes / Math.max(1e-9, expectedRate);
    return this.work.leftBytes / Math.max(1e-9, rate);
  }
}
