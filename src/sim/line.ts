import type { Socket } from 'node:net';
import type { NetworkProfile } from './network.js';
import type { Random } from './random.js';
import { TokenBucket } from './token-bucket.js';

export interface Connection {
  readonly id: number;
  readonly isSlow: boolean;
  /** What this connection's own rate and the shared one allow. */
  readonly buckets: readonly TokenBucket[];
}

/** The line of one simulator: gives every connection its share of it. */
export class Line {
  readonly #random: Random;
  readonly #connections = new WeakMap<Socket, Connection>();
  #profile: NetworkProfile = {};
  #total: TokenBucket | undefined;
  #count = 0;

  constructor(profile: NetworkProfile, random: Random) {
    this.#random = random;
    this.change(profile);
  }

  get profile(): NetworkProfile {
    return this.#profile;
  }

  /** Connections made so far. */
  get connections(): number {
    return this.#count;
  }

  /** Applies to connections made from now on; the shared rate and the latency at once. */
  change(profile: NetworkProfile): void {
    this.#profile = profile;
    const total = profile.totalBytesPerSecond;
    this.#total = total === undefined ? undefined : new TokenBucket(total);
  }

  connection(socket: Socket): Connection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const { connectionBytesPerSecond, slowShare = 0, slowBytesPerSecond } = this.#profile;
    const isSlow = slowShare > 0 && this.#random() < slowShare;
    const rate = isSlow ? (slowBytesPerSecond ?? connectionBytesPerSecond) : connectionBytesPerSecond;
    const own = rate === undefined ? [] : [new TokenBucket(rate)];
    const shared = this.#total === undefined ? [] : [this.#total];
    this.#count += 1;
    const connection: Connection = { id: this.#count, isSlow, buckets: [...own, ...shared] };
    this.#connections.set(socket, connection);
    return connection;
  }

  /** Where within an answer of so many bytes the line breaks, if it does. */
  breakAfter(bytes: number): number | undefined {
    const { resetShare = 0 } = this.#profile;
    if (resetShare === 0 || bytes === 0 || this.#random() >= resetShare) return undefined;
    return Math.floor(this.#random() * bytes);
  }
}
