import { rateAt, type EventSink, type Timetable } from '../../base/index.js';
import type { Roll } from '../../store/index.js';
import { LIMIT_LOOK_MS } from '../limits.js';
import { claimOf } from './claim.js';
import { firstShare, nextShare, type Claim } from './divide.js';
import { SharedBucket } from './shared-bucket.js';

export interface HostLimitOptions {
  readonly timetable: Timetable;
  /** The processes that share the limit. */
  readonly roll: Roll;
  readonly emit: EventSink;
  /** The clock on the wall, by which the timetable goes. */
  readonly clock?: () => Date;
}

/** The limit that holds for a transfer; `bucket` enforces it, in this thread or in any that is given its `buffer`. */
export interface HostLimit {
  readonly bucket: SharedBucket;
  /** Ends the sharing; the bucket stays at what it was. */
  close(): Promise<void>;
}

/** Demand is told with some air, so that whoever speeds up need not wait for its share. */
const AIR = 1.25;
/** Changes of the share below this are not told. */
const WORTH_TELLING = 0.1;

/** Begins to obey the timetable, together with the other processes on the roll. Resolves when the bucket has its first rate. */
export async function openHostLimit(options: HostLimitOptions): Promise<HostLimit> {
  const limit = new Ticking(options);
  await limit.tick();
  return { bucket: limit.bucket, close: () => limit.close() };
}

class Ticking {
  readonly bucket = new SharedBucket();
  readonly #options: HostLimitOptions;
  #timer: NodeJS.Timeout | undefined;
  #ticking: Promise<void> = Promise.resolve();
  #isClosed = false;
  /** What we last let the others know; undefined while there is no limit. */
  #claim: Claim | undefined;
  #counts = { held: 0, takenBytes: 0 };
  #countedMs = 0;
  #told: { limit: number | undefined; share: number | undefined; processes: number } | undefined;

  constructor(options: HostLimitOptions) {
    this.#options = options;
  }

  tick(): Promise<void> {
    this.#ticking = this.#next().finally(() => {
      if (!this.#isClosed) this.#timer = setTimeout(() => void this.tick(), LIMIT_LOOK_MS);
    });
    return this.#ticking;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#ticking;
    clearTimeout(this.#timer);
    await this.#leave();
  }

  async #next(): Promise<void> {
    const limit = rateAt(this.#options.timetable, (this.#options.clock ?? newDate)());
    if (limit === undefined) {
      this.bucket.limitTo(undefined);
      this.#claim = undefined;
      await this.#leave();
      this.#tell(undefined, undefined, 1);
      return;
    }
    if (this.#claim === undefined) await this.#begin(limit);
    const others = await this.#others();
    const claim: Claim = { limit, demand: this.#demand(limit), share: Math.min(limit, this.#claim?.share ?? 0) };
    const claims = [claim, ...others];
    const least = this.#claim?.share === 0 && others.length > 0 ? Math.min(limit, firstShare(claims)) : 1;
    await this.#use({ ...claim, share: Math.max(least, nextShare(claims)) });
    this.#tell(limit, this.#claim?.share, claims.length);
  }

  /** Lets the others know that we come before we take anything: of two that begin at once, one at least sees the other. */
  async #begin(limit: number): Promise<void> {
    this.#claim = { limit, demand: limit, share: 0 };
    this.#countedMs = performance.now();
    this.#counts = this.bucket.counts;
    // Nothing may come in at full speed while we look around.
    this.bucket.limitTo(1);
    await this.#say(this.#claim);
  }

  /** Whoever was held back could use everything; who was not shows what it can use. */
  #demand(limit: number): number {
    const { held, takenBytes } = this.bucket.counts;
    const nowMs = performance.now();
    const seconds = Math.max(0.001, (nowMs - this.#countedMs) / 1000);
    const used = (takenBytes - this.#counts.takenBytes) / seconds;
    const wasHeld = held !== this.#counts.held || this.bucket.debtMs > 0;
    const isNew = this.#claim?.share === 0;
    this.#counts = { held, takenBytes };
    this.#countedMs = nowMs;
    return isNew || wasHeld ? limit : Math.min(limit, used * AIR);
  }

  /** What is said is never less than what is used: less is used before it is said, more after. */
  async #use(claim: Claim): Promise<void> {
    const now = this.bucket.bytesPerSecond;
    if (now !== undefined && claim.share < now) this.bucket.limitTo(claim.share);
    await this.#say(claim);
    this.bucket.limitTo(claim.share);
    this.#claim = claim;
  }

  /** What cannot be written or read (a full disk, a store that is read-only) does not stop a transfer: it goes on by what it knows. */
  async #say({ limit, demand, share }: Claim): Promise<void> {
    const value = { limitBytesPerSecond: limit, demandBytesPerSecond: demand, shareBytesPerSecond: share };
    await this.#options.roll.say(value).catch(() => undefined);
  }

  async #others(): Promise<readonly Claim[]> {
    const said = await this.#options.roll.others().catch(() => []);
    return said.flatMap((value) => claimOf(value) ?? []);
  }

  async #leave(): Promise<void> {
    await this.#options.roll.leave().catch(() => undefined);
  }

  #tell(limit: number | undefined, share: number | undefined, processes: number): void {
    const told = this.#told;
    const hasMoved = Math.abs((share ?? 0) - (told?.share ?? 0)) > WORTH_TELLING * (told?.share ?? 0);
    const reason = told === undefined ? 'begin' : limit !== told.limit ? 'timetable' : 'shared';
    if (told === undefined ? false : reason === 'shared' && !hasMoved && processes === told.processes) return;
    this.#told = { limit, share, processes };
    this.#options.emit({
      type: 'limit.changed',
      limitBytesPerSecond: limit ?? null,
      shareBytesPerSecond: share === undefined ? null : Math.round(share),
      processes,
      reason,
    });
  }
}

function newDate(): Date {
  return new Date();
}
