import type { Schedule } from '../limits.js';
import type { LevelSample, Measure } from './level.js';

/**
 * What the first connections bring, measured while the next ones are dialled: from the first bytes until others answer. So nobody waits for
 * the measure.
 */
export class FirstMeasure {
  readonly #schedule: Schedule;
  #begin: LevelSample | undefined;
  #last: LevelSample | undefined;
  /** With how many, once more are dialled. */
  #level: number | undefined;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  /** Whether more may be dialled: soon enough that they answer when there is something to compare them with. */
  isUnderWay(sample: LevelSample): boolean {
    const { measureMs, earlyShare } = this.#schedule;
    this.#begin ??= sample;
    this.#last = sample;
    return sample.nowMs - this.#begin.nowMs >= measureMs * earlyShare - (sample.roundTripMs ?? 0);
  }

  dialled(level: number): void {
    this.#level = level;
  }

  get isOpen(): boolean {
    return this.#level !== undefined;
  }

  /** The measure, once others answer (then up to the look before that), or do not for long. */
  result(sample: LevelSample): Measure | undefined {
    const [begin, level] = [this.#begin, this.#level];
    if (begin === undefined || level === undefined) return undefined;
    const { measureMs, measureRoundTrips } = this.#schedule;
    const hasOthers = sample.busy > level && this.#last !== undefined && this.#last.nowMs > begin.nowMs;
    const last = hasOthers && this.#last !== undefined ? this.#last : sample;
    this.#last = last;
    const longMs = Math.max(measureMs, measureRoundTrips * (sample.roundTripMs ?? 0));
    if (!hasOthers && sample.nowMs - begin.nowMs < longMs) return undefined;
    this.#level = undefined;
    const elapsedMs = last.nowMs - begin.nowMs;
    return {
      level,
      goodput: (last.work - begin.work) / elapsedMs,
      total: (last.totalWork - begin.totalWork) / elapsedMs,
    };
  }
}
