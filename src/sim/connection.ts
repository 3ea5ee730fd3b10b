import type { NetworkProfile } from './network.js';
import { seededRandom, type Random } from './random.js';
import { TokenBucket, type Gate } from './token-bucket.js';
import type { Valve } from './valve.js';
import { WindowGate } from './window-gate.js';

/** One client's connection, as the line treats it. What it drew in the lottery it keeps; everything else follows the profile. */
export class Connection {
  readonly id: number;
  readonly #random: Random;
  readonly #total: Gate;
  readonly #valve: Valve;
  readonly #own = new TokenBucket(Infinity);
  #profile: NetworkProfile = {};
  #window: WindowGate | undefined;
  #luck: number | undefined;
  #isGreeted = false;

  /** `total` and `valve` are those of the line. */
  constructor(id: number, profile: NetworkProfile, line: { total: Gate; valve: Valve }, random: Random) {
    this.id = id;
    this.#random = random;
    this.#total = line.total;
    this.#valve = line.valve;
    this.follow(profile);
  }

  get isSlow(): boolean {
    const { slowShare = 0 } = this.#profile;
    if (slowShare === 0) return false;
    this.#luck ??= this.#random();
    return this.#luck < slowShare;
  }

  /** What bytes must pass, in this order. */
  get gates(): readonly Gate[] {
    return [this.#own, ...(this.#window === undefined ? [] : [this.#window]), this.#total, this.#valve];
  }

  follow(profile: NetworkProfile): void {
    const { rttMs, lossShare = 0 } = profile;
    const isSamePath = rttMs === this.#profile.rttMs && lossShare === (this.#profile.lossShare ?? 0);
    this.#profile = profile;
    const { connectionBytesPerSecond = Infinity, slowBytesPerSecond = connectionBytesPerSecond } = profile;
    this.#own.bytesPerSecond = this.isSlow ? slowBytesPerSecond : connectionBytesPerSecond;
    if (isSamePath) return;
    const random = rttMs === undefined ? undefined : seededRandom(Math.floor(this.#random() * 2 ** 32));
    this.#window =
      rttMs === undefined || random === undefined ? undefined : new WindowGate({ rttMs, lossShare, random });
  }

  /** How long the next answer's head is on its way. The first also pays for the connection's own round trip. */
  headDelayMs(): number {
    const { latencyMs = 0, rttMs = 0 } = this.#profile;
    const trips = this.#isGreeted ? 1 : 2;
    this.#isGreeted = true;
    return latencyMs + trips * rttMs;
  }

  /** Resolves at once unless the line is silent. */
  async untilItSpeaks(): Promise<void> {
    await this.#valve.take();
  }
}
