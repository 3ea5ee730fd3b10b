import type { Schedule } from '../limits.js';
import { FirstMeasure } from './first-measure.js';

/** What a source did up to now. `work` and `totalWork` only grow; bytes, and a little for every request. */
export interface LevelSample {
  readonly nowMs: number;
  readonly active: number;
  /** Of them, those that bring something, and not only wait. */
  readonly busy: number;
  readonly work: number;
  /** Of all sources together: what one takes from another is no gain. */
  readonly totalWork: number;
  readonly roundTripMs: number | undefined;
  /** Answers wait in a queue on the way: more connections would only share what it lets through. */
  readonly isLineFull?: boolean;
  /** What is still to come, from all sources. */
  readonly leftBytes: number;
  /** Connections wait for this machine: more of them would bring no more. */
  readonly isBusyHere?: boolean;
}

/** `climb`: more are tried. `flat`, `collapse`: they brought nothing, or less. `ease`: fewer are tried. `needed`: fewer brought less. `refused`: the host wants fewer. `degraded`: others do better. */
export type LevelReason = 'climb' | 'flat' | 'collapse' | 'ease' | 'needed' | 'refused' | 'degraded';

/** Goodput in bytes per millisecond. */
export interface LevelChange {
  readonly from: number;
  readonly to: number;
  readonly reason: LevelReason;
  readonly goodputBefore: number;
  readonly goodputAfter: number;
}

/** What so many connections bring, the source by itself and all sources in `total`. Bytes per millisecond. */
export interface Measure {
  readonly level: number;
  readonly goodput: number;
  readonly total: number;
}

const LONGEST_PROBE_MS = 60_000;
/** The level counts as used from this share on: connections are between two requests at times. */
const USED_SHARE = 0.75;

/**
 * How many connections a source may have: found by effect. Doubles while goodput grows, steps back when it does not, and remembers where it
 * fell. Fewer are tried once when more were of no use.
 */
export class ConnectionLevel {
  limit: number;
  readonly #schedule: Schedule;
  readonly #most: number;
  #phase: 'first' | 'climb' | 'ease' | 'hold' = 'first';
  #base: Measure | undefined;
  #hasEased = false;
  #usedSinceMs: number | undefined;
  #mark: LevelSample | undefined;
  readonly #first: FirstMeasure;
  /** It fell with so many. */
  #ceiling = Infinity;
  #probeAtMs = Infinity;
  #probeEveryMs: number;
  #isNearEnd = false;
  #isLineFull = false;
  #isWorthTrying = true;
  /** More than so many brought more. */
  #tooFew = 0;
  /** Goodput before fewer were tried. */
  #full: Measure | undefined;

  constructor(schedule: Schedule, most: number) {
    this.#schedule = schedule;
    this.#most = most;
    this.#first = new FirstMeasure(schedule);
    this.limit = Math.min(schedule.startConnections, this.#most);
    this.#probeEveryMs = schedule.probeMs;
    if (schedule.blindClimb > 0) return;
    this.#phase = 'hold';
    this.#probeAtMs = -Infinity;
  }

  /** To be called at every tick. */
  observe(sample: LevelSample): LevelChange | undefined {
    const { nowMs, active, busy, roundTripMs } = sample;
    this.#isLineFull = sample.isLineFull === true;
    if (sample.isBusyHere === true) {
      this.#restart();
      return undefined;
    }
    if (this.#phase === 'first' && busy > 0 && active >= this.limit * USED_SHARE) return this.#begin(sample);
    if (this.#first.isOpen) {
      this.#base = this.#first.result(sample);
      if (this.#base === undefined) return undefined;
    }
    const isUsed = busy >= this.limit * USED_SHARE && active <= this.limit;
    if (roundTripMs === undefined || !isUsed) {
      this.#restart();
      return undefined;
    }
    const { settleMs, settleRoundTrips, measureMs, measureRoundTrips } = this.#schedule;
    this.#usedSinceMs ??= nowMs;
    if (nowMs - this.#usedSinceMs < Math.max(settleMs, settleRoundTrips * roundTripMs)) return undefined;
    this.#mark ??= sample;
    const elapsedMs = nowMs - this.#mark.nowMs;
    const longMs = Math.max(measureMs, measureRoundTrips * roundTripMs);
    if (elapsedMs < longMs * this.#schedule.earlyShare) return undefined;
    const goodput = (sample.work - this.#mark.work) / elapsedMs;
    const total = (sample.totalWork - this.#mark.totalWork) / elapsedMs;
    const now = { level: this.limit, goodput, total };
    // Growth shows soon; that there is none is said only after a longer look.
    if (elapsedMs < longMs && !this.#isGrowing(now) && !this.#isFalling(now)) return undefined;
    this.#restart();
    const leftMs = sample.leftBytes / Math.max(1e-9, total);
    this.#isNearEnd = leftMs < roundTripMs * this.#schedule.climbRoundTrips;
    // Trying costs: towards the end it brings that in no more.
    this.#isWorthTrying = leftMs > longMs * this.#schedule.probeWorth;
    return this.#judge(now, nowMs);
  }

  /** There is nothing to compare with yet: more are dialled as soon as anything comes. */
  #begin(sample: LevelSample): LevelChange | undefined {
    if (!this.#first.isUnderWay(sample)) return undefined;
    const change = this.#grow(2, sample.nowMs, { level: this.limit, goodput: 0, total: 0 });
    if (change !== undefined) this.#first.dialled(change.from);
    return change;
  }

  #isGrowing(now: Measure): boolean {
    const base = this.#base;
    return this.#phase === 'climb' && base !== undefined && gainOf(base, now) >= this.#neededGain(base, now);
  }

  /** So much less that a longer look would only cost more of it. */
  #isFalling(now: Measure): boolean {
    const base = this.#base;
    return this.#phase === 'climb' && base !== undefined && now.total < base.total * this.#schedule.fallShare;
  }

  #neededGain(base: Measure, now: Measure): number {
    return 1 + (this.#schedule.climbGain - 1) * Math.log2(now.level / base.level);
  }

  /** The host refuses requests because we ask too much: half as many, or as many as it is known to serve at once, and more are tried again later. */
  refused(nowMs: number, served = 0): LevelChange | undefined {
    this.#hold(nowMs, true);
    return this.#change(Math.max(Math.floor(this.limit / 2), Math.min(served, this.limit)), 'refused', this.#base);
  }

  /** Others do better: half of it goes to them. */
  degraded(nowMs: number): LevelChange | undefined {
    this.#hold(nowMs, true);
    return this.#change(Math.floor(this.limit / 2), 'degraded', this.#base);
  }

  #judge(now: Measure, nowMs: number): LevelChange | undefined {
    const base = this.#base;
    // Silence says nothing of how many there should be.
    if (now.goodput === 0 && (base === undefined || base.goodput === 0)) return undefined;
    if (base === undefined || this.#phase === 'hold') {
      this.#base = now;
      if (nowMs < this.#probeAtMs) return undefined;
      const change = this.#grow(1.5, nowMs, now);
      // Where it fell may have moved: the next time is without that memory.
      if (change === undefined) this.#ceiling = Infinity;
      return change;
    }
    if (this.#phase === 'climb') return this.#judgeClimb(base, now, nowMs);
    return this.#judgeEase(base, now, nowMs);
  }

  #judgeClimb(base: Measure, now: Measure, nowMs: number): LevelChange | undefined {
    const { keepGain, collapseShare } = this.#schedule;
    const gain = gainOf(base, now);
    if (gain >= this.#neededGain(base, now)) {
      this.#base = now;
      this.#tooFew = base.level;
      return this.#grow(2, nowMs, now, base);
    }
    if (gain >= keepGain) {
      this.#base = now;
      this.#hold(nowMs, false);
      return undefined;
    }
    if (gain < collapseShare && now.total < base.total) {
      this.#hold(nowMs, true);
      this.#ceiling = now.level;
      return this.#change(base.level, 'collapse', base, now);
    }
    const change = this.#change(base.level, 'flat', base, now);
    if (this.#hasEased) this.#hold(nowMs, true);
    else this.#ease(nowMs);
    return change;
  }

  /** The step back is where fewer are tried from: halved once more, without waiting for another measure. */
  #ease(nowMs: number): void {
    this.#hasEased = true;
    this.#hold(nowMs, true);
    if (this.limit < this.#schedule.easeLeast * 2 || this.limit <= this.#tooFew * 2 || !this.#isWorthTrying) return;
    this.#phase = 'ease';
    this.limit = Math.ceil(this.limit / 2);
  }

  #judgeEase(base: Measure, now: Measure, nowMs: number): LevelChange | undefined {
    const probeAtMs = this.#probeAtMs;
    this.#hold(nowMs, false);
    // Having tried a single one does not put off trying more.
    if (now.level === 1) this.#probeAtMs = probeAtMs;
    this.#full ??= base;
    // A single one has no sibling that it is judged by: it must bring more, not only as much.
    const least = now.level === 1 ? 1 / this.#schedule.collapseShare : this.#schedule.easeShare;
    if (now.goodput < this.#full.goodput * least) {
      const { goodput } = now;
      return this.#change(base.level, 'needed', { ...base, goodput }, base);
    }
    this.#base = now;
    const eased = { from: base.level, to: now.level, goodputBefore: base.goodput, goodputAfter: now.goodput };
    // Fewer that bring more: there were too many, and the best is somewhere between.
    if (now.goodput * this.#schedule.collapseShare > base.goodput) {
      this.#ceiling = base.level;
      this.#probeAtMs = nowMs;
    } else this.#ease(nowMs);
    return { ...eased, reason: 'ease' };
  }

  #grow(factor: number, nowMs: number, now: Measure, before: Measure = now): LevelChange | undefined {
    const to = Math.min(this.#most, Math.ceil(this.limit * factor), this.#ceiling - 1);
    if (to <= this.limit || this.#isNearEnd || this.#isLineFull) {
      this.#hold(nowMs, false);
      return undefined;
    }
    this.#phase = 'climb';
    return this.#change(to, 'climb', before, now);
  }

  /** Stays; more are tried again in a while, in a longer one when they were of no use. */
  #hold(nowMs: number, isLonger: boolean): void {
    this.#phase = 'hold';
    this.#probeAtMs = nowMs + this.#probeEveryMs;
    if (isLonger) this.#probeEveryMs = Math.min(this.#probeEveryMs * 2, LONGEST_PROBE_MS);
  }

  #change(to: number, reason: LevelReason, before?: Measure, after = before): LevelChange | undefined {
    const from = this.limit;
    this.limit = Math.max(1, to);
    this.#restart();
    if (this.limit === from) return undefined;
    return {
      from,
      to: this.limit,
      reason,
      goodputBefore: before?.goodput ?? 0,
      goodputAfter: after?.goodput ?? 0,
    };
  }

  #restart(): void {
    this.#usedSinceMs = undefined;
    this.#mark = undefined;
  }
}

/** What a source takes from another is no gain. */
function gainOf(base: Measure, now: Measure): number {
  const gain = now.goodput / Math.max(1e-9, base.goodput);
  const isOwn = now.total - base.total >= (now.goodput - base.goodput) / 2;
  return isOwn ? gain : Math.min(1, gain);
}
