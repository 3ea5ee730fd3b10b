import type { Socket } from 'node:net';
import { Connection } from './connection.js';
import type { NetworkProfile } from './network.js';
import type { Random } from './random.js';
import { TokenBucket } from './token-bucket.js';
import { Valve } from './valve.js';

/** The line of one simulator: gives every connection its share of it. */
export class Line {
  readonly #random: Random;
  readonly #known = new WeakMap<object, Connection>();
  readonly #open = new Set<Connection>();
  readonly #total = new TokenBucket(Infinity);
  readonly #valve = new Valve();
  #profile: NetworkProfile = {};
  #count = 0;
  #sending = 0;

  constructor(profile: NetworkProfile, random: Random) {
    this.#random = random;
    this.change(profile);
  }

  /** Connections made so far. */
  get connections(): number {
    return this.#count;
  }

  /** What all connections together get now, bytes per second. */
  get totalBytesPerSecond(): number {
    const { totalBytesPerSecond, connectionBytesPerSecond = Infinity, collapseBeyond = Infinity } = this.#profile;
    if (this.#sending <= collapseBeyond) return totalBytesPerSecond ?? Infinity;
    const best = Math.min(totalBytesPerSecond ?? Infinity, collapseBeyond * connectionBytesPerSecond);
    return best * (collapseBeyond / this.#sending) ** 3;
  }

  /** Applies at once, to connections that are open as well. */
  change(profile: NetworkProfile): void {
    this.#profile = profile;
    this.#share();
    for (const connection of this.#open) connection.follow(profile);
  }

  /** From now on every connection stays open and brings nothing, until `speak`. */
  fallSilent(): void {
    this.#valve.shut();
  }

  speak(): void {
    this.#valve.open();
  }

  connection(socket: Pick<Socket, 'once'>): Connection {
    const known = this.#known.get(socket);
    if (known !== undefined) return known;
    this.#count += 1;
    const connection = new Connection(
      this.#count,
      this.#profile,
      { total: this.#total, valve: this.#valve },
      this.#random,
    );
    this.#known.set(socket, connection);
    this.#open.add(connection);
    socket.once('close', () => this.#open.delete(connection));
    return connection;
  }

  /** An answer's body is under way until the returned function is called. */
  begin(): () => void {
    this.#sending += 1;
    this.#share();
    return () => {
      this.#sending -= 1;
      this.#share();
    };
  }

  /** Where within an answer of so many bytes the line breaks, if it does. */
  breakAfter(bytes: number): number | undefined {
    const { resetShare = 0 } = this.#profile;
    if (resetShare === 0 || bytes === 0 || this.#random() >= resetShare) return undefined;
    return Math.floor(this.#random() * bytes);
  }

  #share(): void {
    this.#total.bytesPerSecond = this.totalBytesPerSecond;
  }
}
