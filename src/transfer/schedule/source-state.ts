import type { SluiceError } from '../../base/index.js';
import { BACKOFF_FIRST_MS, BACKOFF_LAST_MS, SCHEDULE, type Schedule } from '../limits.js';
import { Cuts } from './cuts.js';
import { Health } from './health.js';
import { ConnectionLevel, type LevelChange, type LevelSample } from './level.js';
import { Redials } from './redials.js';
import { Refusals } from './refusals.js';

/** Over this time a source's goodput is averaged. */
const GOODPUT_WINDOW_MS = 1000;
/** What a request counts beside its bytes when connections are compared: with small files they matter more. */
const REQUEST_WORK_BYTES = 32 * 1024;
/** A source delivers if bytes came so lately. */
const DELIVERS_MS = 250;
/** A line that breaks after that much is worth going on with at once. */
const WORTHWHILE_BYTES = 256 * 1024;
/** What TCP sends in its first round trip (RFC 6928); it doubles with each. */
const FIRST_WINDOW_BYTES = 14_600;
/** So many of those round trips' worth have come by their end. */
const CAUGHT_UP_TRIPS = 1.4;

/** What is known of one source over all files of a transfer. Times are of a monotonic clock. */
export class SourceState {
  readonly id: string;
  readonly health: Health;
  readonly cuts: Cuts;
  readonly redials = new Redials();
  readonly refusals = new Refusals();
  /** Requests in flight. */
  active = 0;
  /** Connections for which something is being taken back from others. */
  expected = 0;
  /** Body bytes that came, ever. */
  receivedBytes = 0;
  /** Why nobody asks it any more. */
  banned: SluiceError | undefined;
  /** Pieces of it that proved wrong. */
  wrongPieces = 0;
  /** Bytes per millisecond; undefined until it was measured. */
  goodput: number | undefined;
  /** The same of one of its connections. */
  laneRate: number | undefined;
  /** Requests that were taken back for silence since bytes last came. */
  silences = 0;
  lastByteMs = -Infinity;
  readonly #level: ConnectionLevel;
  readonly #random: () => number;
  readonly #schedule: Schedule;
  #answers = 0;
  #mostSeen = 0;
  #requests = 0;
  #countedBytes = 0;
  #failures = 0;
  #waitUntilMs = 0;
  #lastFailureMs = -Infinity;
  #lastSilenceMs = -Infinity;
  #finishedRate: number | undefined;

  /** `most` connections at once, and no more than `requestBytes` with one request. */
  constructor(
    id: string,
    most: number,
    schedule: Schedule = SCHEDULE,
    random: () => number = Math.random,
    requestBytes = Infinity,
  ) {
    this.id = id;
    this.cuts = new Cuts(requestBytes);
    this.#random = random;
    this.#schedule = schedule;
    this.#level = new ConnectionLevel(schedule, most);
    this.health = new Health(schedule);
  }

  received(bytes: number): void {
    this.receivedBytes += bytes;
  }

  /** One request more is in flight. Returns whether there never were so many: it is dialled for. */
  takesNewConnection(): boolean {
    this.active += 1;
    const isNew = this.active > this.#mostSeen;
    this.#mostSeen = Math.max(this.#mostSeen, this.active);
    return isNew;
  }

  /** Until the next request brings bytes at full rate: on a kept connection a round trip, on a new one two, and those of slow start. */
  get startMs(): number {
    const tripMs = this.health.roundTripMs ?? 0;
    if (this.active < this.#mostSeen) return tripMs;
    const doublings = Math.log2(Math.max(1, ((this.laneRate ?? 0) * tripMs) / FIRST_WINDOW_BYTES));
    return tripMs * (2 + Math.max(0, doublings - CAUGHT_UP_TRIPS));
  }

  /** Most connections at once; one while it only fails or is silent. */
  get mostActive(): number {
    return this.#failures > 1 || this.silences > 0 || this.refusals.isTrying ? 1 : this.#level.limit;
  }

  /** It has answered more requests than it was asked at first: it takes to being asked. */
  get takesMore(): boolean {
    return this.#answers > this.#schedule.startConnections;
  }

  /** An answer began: of a request from after its last failure that shows that it is well again. */
  answerBegan(startedMs: number): void {
    const isWell = startedMs > this.#lastFailureMs;
    this.#answers += 1;
    this.refusals.answerBegan(isWell);
    this.silences = 0;
    if (isWell) this.#failures = 0;
  }

  get work(): number {
    return this.receivedBytes + this.#requests * REQUEST_WORK_BYTES;
  }

  /** Called at every tick. Returns the bytes that came since the last one. */
  measure(elapsedMs: number): number {
    const bytes = this.receivedBytes - this.#countedBytes;
    this.#countedBytes = this.receivedBytes;
    if (this.active === 0 && bytes === 0) return 0;
    const rate = bytes / elapsedMs;
    const weight = Math.min(1, elapsedMs / GOODPUT_WINDOW_MS);
    this.goodput = this.goodput === undefined ? rate : this.goodput + (rate - this.goodput) * weight;
    return bytes;
  }

  /** Called at every tick. `active`, `work` are its own. */
  observeLevel(sample: Omit<LevelSample, 'active' | 'work' | 'roundTripMs' | 'isLineFull'>): LevelChange | undefined {
    const { active, work, health } = this;
    const { roundTripMs, isQueued: isLineFull } = health;
    return this.#level.observe({ ...sample, active, work, roundTripMs, isLineFull });
  }

  degraded(nowMs: number): LevelChange | undefined {
    return this.#level.degraded(nowMs);
  }

  /** A request came to its end at this rate. Slow ones end last: they say little of what is possible. */
  finished(rate: number): void {
    this.#finishedRate = Math.max(rate, (this.#finishedRate ?? 0) * 0.95);
  }

  /**
   * What a good connection brings: `seen` now, with so many of its `lanes` in use. The last ones are not judged by themselves alone but by those before
   * them: fewer can each bring what more did.
   */
  siblingRate(seen: number, lanes: number): number {
    return lanes * 2 > this.mostActive ? seen : Math.max(seen, this.#finishedRate ?? 0);
  }

  /** When it may be asked again. */
  get waitUntilMs(): number {
    return this.#waitUntilMs;
  }

  isOpen(nowMs: number): boolean {
    return this.banned === undefined && nowMs >= this.#waitUntilMs && this.active + this.expected < this.mostActive;
  }

  succeeded(): void {
    this.#failures = 0;
    this.silences = 0;
    this.#requests += 1;
    this.health.ended(true);
  }

  /** A request was taken back for silence: the next ones are few and later, until bytes come again. */
  fellSilent(startedMs: number, nowMs: number): void {
    if (startedMs < this.#lastSilenceMs) return;
    this.#lastSilenceMs = nowMs;
    this.silences += 1;
    const step = Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(this.silences - 1, 10), BACKOFF_LAST_MS);
    this.#waitUntilMs = Math.max(this.#waitUntilMs, nowMs + step);
  }

  /** Called at every tick. */
  settleRefusal(nowMs: number): LevelChange | undefined {
    const settled = this.refusals.settle();
    return settled === undefined ? undefined : this.#level.refused(nowMs, settled.served);
  }

  /**
   * A request that began at `startedMs` failed in a way that may pass. Requests that were in flight together count as one failure, or a broken
   * moment of a host with many connections would be taken for a long illness. Returns how long the source is left alone, and whether this is news.
   */
  failed(
    error: SluiceError,
    startedMs: number,
    nowMs: number,
    receivedBytes = 0,
  ): { readonly waitMs: number; readonly isNews: boolean } {
    // Who refuses for now is asked less by its own rules: nothing was lost.
    if (error.code !== 'RATE_LIMITED') this.health.ended(false);
    if (error.code === 'RESET' && receivedBytes >= WORTHWHILE_BYTES) return { waitMs: 0, isNews: false };
    const isNews = startedMs >= this.#lastFailureMs;
    if (isNews) {
      // Whoever delivers at the same time is not ill.
      this.#failures = nowMs - this.lastByteMs < DELIVERS_MS ? 1 : this.#failures + 1;
      this.#lastFailureMs = nowMs;
    }
    const asked = error.retryAfterMs;
    const step = Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(this.#failures - 1, 10), BACKOFF_LAST_MS);
    const waitMs = asked ?? (isNews || error.code === 'RATE_LIMITED' ? step * (0.5 + this.#random()) : 0);
    // One lost connection says nothing about its siblings.
    const isLonely = this.#failures <= 1 && asked === undefined && error.code === 'RESET';
    if (!isLonely) this.#waitUntilMs = Math.max(this.#waitUntilMs, nowMs + waitMs);
    return { waitMs: Math.max(0, this.#waitUntilMs - nowMs), isNews };
  }
}
