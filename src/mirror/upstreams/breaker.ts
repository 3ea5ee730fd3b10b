import type { SluiceError } from '../../base/index.js';

/** `closed`: it is asked; `open`: it is left alone; `half-open`: one question finds out whether it is back. */
export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  /** So many failures in a row open it. */
  readonly maxFails: number;
  /** So long it stays open. */
  readonly failMs: number;
  readonly now: () => number;
  /** Told of every change, and why it opened. */
  readonly changed: (state: BreakerState, reason: SluiceError | undefined) => void;
}

/** Keeps questions from an upstream that fails: whoever asks is told at once, and others are asked instead. */
export class Breaker {
  readonly #options: BreakerOptions;
  #state: BreakerState = 'closed';
  #failed = 0;
  #openedAtMs = 0;
  #reason: SluiceError | undefined;
  #isProbing = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** An open one whose time is over counts as half-open. */
  get state(): BreakerState {
    return this.#state === 'open' && this.#isOver ? 'half-open' : this.#state;
  }

  /** The last failure while it is not closed. */
  get reason(): SluiceError | undefined {
    return this.#state === 'closed' ? undefined : this.#reason;
  }

  /** Before a question: undefined to ask, or why not. A question that was let through ends in one of the three calls below. */
  enter(): SluiceError | undefined {
    if (this.#state === 'closed') return undefined;
    if (this.#state === 'open' && this.#isOver) this.#become('half-open');
    if (this.#state === 'open' || this.#isProbing) return this.#reason;
    this.#isProbing = true;
    return undefined;
  }

  /** It answered, whatever it said. */
  succeeded(): void {
    this.#failed = 0;
    this.#isProbing = false;
    this.#become('closed');
  }

  /** It could not be asked, or failed. */
  failed(reason: SluiceError): void {
    this.#failed += 1;
    // Others that were asked before it opened tell nothing new.
    if (this.#state === 'open') return;
    this.#isProbing = false;
    this.#reason = reason;
    if (this.#state === 'closed' && this.#failed < this.#options.maxFails) return;
    this.#openedAtMs = this.#options.now();
    this.#become('open');
  }

  /** The question ended without showing how it is. */
  released(): void {
    this.#isProbing = false;
  }

  get #isOver(): boolean {
    return this.#options.now() - this.#openedAtMs >= this.#options.failMs;
  }

  #become(state: BreakerState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.changed(state, state === 'open' ? this.#reason : undefined);
  }
}
