/** Holds readers back so that all of them together stay below a rate. */
export interface RateLimiter {
  /** Accounts for bytes that came; a promise is how long to wait before reading on. Ends early, well, when the signal fires. */
  take(bytes: number, signal: AbortSignal): Promise<void> | undefined;
  /** How long what has come already keeps readers waiting; 0 when the rate holds nobody back. */
  readonly debtMs: number;
  /** Bytes per second; undefined for no limit. */
  readonly bytesPerSecond: number | undefined;
}

const NS_PER_MS = 1e6;
const NS_PER_SECOND = 1e9;
/** Debts below this are not waited for: timers are not that exact. */
const LEAST_WAIT_NS = 5 * NS_PER_MS;
/** What may come at once after a pause. */
const BURST_NS = 100n * BigInt(NS_PER_MS);
/** No debt is longer (31 years): sums stay within 64 bits. */
const MOST_DEBT_NS = 10n ** 18n;
/** Whoever waits looks this often whether the rate has changed meanwhile. */
const LOOK_MS = 100;

/** Bytes 0–3: whether there is a limit. 4–7: how often somebody had to wait; wraps. */
const IS_LIMITED = 0;
const HELD = 1;
/** Bytes 8–31, 64 bits each: the rate; the moment until which what came is paid for; bytes that came under a limit. */
const RATE = 0;
const PAID_UNTIL = 1;
const TAKEN = 2;
const BUFFER_BYTES = 32;

/**
 * A token bucket that lets readers into debt and makes them wait it off, so that chunks of any size pass. Its state is shared memory: every
 * thread of the process may build one on the same `buffer` and take from it at the same time. Moments are nanoseconds of the system's
 * monotonic clock, which all threads share.
 */
export class SharedBucket implements RateLimiter {
  /** Can be sent to another thread. */
  readonly buffer: SharedArrayBuffer;
  readonly #flags: Int32Array<SharedArrayBuffer>;
  readonly #numbers: BigInt64Array<SharedArrayBuffer>;

  /** On a buffer that another bucket has, or a bucket of its own without a limit. */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(BUFFER_BYTES)) {
    this.buffer = buffer;
    this.#flags = new Int32Array(buffer, 0, 2);
    this.#numbers = new BigInt64Array(buffer, 8, 3);
  }

  get bytesPerSecond(): number | undefined {
    return Atomics.load(this.#flags, IS_LIMITED) === 0 ? undefined : this.#rate();
  }

  get debtMs(): number {
    if (Atomics.load(this.#flags, IS_LIMITED) === 0) return 0;
    const debtNs = Number(Atomics.load(this.#numbers, PAID_UNTIL) - process.hrtime.bigint());
    return debtNs < LEAST_WAIT_NS ? 0 : debtNs / NS_PER_MS;
  }

  /** How often a reader had to wait, and bytes that came while there was a limit, both since the beginning. */
  get counts(): { readonly held: number; readonly takenBytes: number } {
    return { held: Atomics.load(this.#flags, HELD), takenBytes: Number(Atomics.load(this.#numbers, TAKEN)) };
  }

  take(bytes: number, signal: AbortSignal): Promise<void> | undefined {
    if (Atomics.load(this.#flags, IS_LIMITED) === 0) return undefined;
    const rate = this.#rate();
    if (rate === 0) return undefined;
    Atomics.add(this.#numbers, TAKEN, BigInt(bytes));
    const nowNs = process.hrtime.bigint();
    const costNs = BigInt(Math.round((bytes * NS_PER_SECOND) / rate));
    const paidUntil = this.#update((before) => {
      const from = before > nowNs - BURST_NS ? before : nowNs - BURST_NS;
      const until = from + costNs;
      return until - nowNs > MOST_DEBT_NS ? nowNs + MOST_DEBT_NS : until;
    });
    const waitNs = Number(paidUntil - nowNs);
    if (waitNs < LEAST_WAIT_NS) return undefined;
    Atomics.add(this.#flags, HELD, 1);
    return this.#waitOff(waitNs, rate, signal);
  }

  /** Changes the rate; undefined takes the limit away. What is owed stays owed as bytes. One thread owns the rate; others only take. */
  limitTo(bytesPerSecond: number | undefined): void {
    const next = bytesPerSecond === undefined ? 0 : Math.max(1, Math.round(bytesPerSecond));
    const before = Number(Atomics.exchange(this.#numbers, RATE, BigInt(next)));
    Atomics.store(this.#flags, IS_LIMITED, next === 0 ? 0 : 1);
    if (before === next) return;
    const nowNs = process.hrtime.bigint();
    this.#update((paidUntil) => {
      if (paidUntil <= nowNs) return paidUntil;
      const debtNs = next === 0 ? 0 : (Number(paidUntil - nowNs) * before) / next;
      return nowNs + BigInt(Math.min(Math.round(debtNs), Number(MOST_DEBT_NS)));
    });
  }

  #rate(): number {
    return Number(Atomics.load(this.#numbers, RATE));
  }

  /** Puts a new `PAID_UNTIL` in place of the one that it was made from, and returns it. */
  #update(change: (before: bigint) => bigint): bigint {
    for (let before = Atomics.load(this.#numbers, PAID_UNTIL); ;) {
      const after = change(before);
      const found = Atomics.compareExchange(this.#numbers, PAID_UNTIL, before, after);
      if (found === before) return after;
      before = found;
    }
  }

  /** Each reader waits for its own bytes and those before them, at whatever rate holds meanwhile; not for those that come after it. */
  async #waitOff(waitNs: number, rateAtFirst: number, signal: AbortSignal): Promise<void> {
    let rate = rateAtFirst;
    let leftNs = waitNs;
    let seenNs = process.hrtime.bigint();
    while (leftNs > 0 && !signal.aborted) {
      await pause(Math.min(leftNs / NS_PER_MS, LOOK_MS), signal);
      const nowNs = process.hrtime.bigint();
      leftNs -= Number(nowNs - seenNs);
      seenNs = nowNs;
      const next = this.#rate();
      if (next === 0) return;
      leftNs *= rate / next;
      rate = next;
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, Math.ceil(ms));
    signal.addEventListener('abort', finish, { once: true });
    if (signal.aborted) finish();
  });
}
