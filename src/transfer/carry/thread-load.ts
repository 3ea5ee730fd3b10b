import type { EventLoopUtilityFunction } from 'node:perf_hooks';

/** Where a thread says how much of its time it spent waiting: `worker.performance`, or `performance` of this thread. */
export interface Clocked {
  readonly eventLoopUtilization: EventLoopUtilityFunction;
}

/** Shorter looks say more of the moment than of the thread. */
const LOOK_MS = 20;
/** Busy from this share of its time on: the rest passes between one read and the next. On a line that is the limit it is below a third. */
const BUSY_SHARE = 0.7;

/** Whether a thread has time left, by the last look at it. */
export class ThreadLoad {
  readonly #thread: Clocked;
  #from: ReturnType<EventLoopUtilityFunction>;
  #isBusy = false;

  constructor(thread: Clocked) {
    this.#thread = thread;
    this.#from = thread.eventLoopUtilization();
  }

  /** To be asked often: it looks again when the last look is long enough ago. */
  isBusy(): boolean {
    const now = this.#thread.eventLoopUtilization();
    const since = this.#thread.eventLoopUtilization(now, this.#from);
    if (since.active + since.idle < LOOK_MS) return this.#isBusy;
    this.#from = now;
    this.#isBusy = since.utilization >= BUSY_SHARE;
    return this.#isBusy;
  }
}
