import type { Random } from './random.js';

export const SEGMENT_BYTES = 1448;
const INITIAL_SEGMENTS = 10;
const MOST_SEGMENTS = 16_384;
/** Fewer in flight cannot bring the three duplicate acknowledgements that tell of a loss: the timer must. */
const FEWEST_FOR_RECOVERY = 4;
const LEAST_TIMEOUT_MS = 200;

export interface WindowOptions {
  readonly rttMs: number;
  /** Each segment's chance to be lost. */
  readonly lossShare: number;
  readonly random: Random;
}

/** What one round trip carries, and for how long nothing moves after it. */
export interface Round {
  readonly bytes: number;
  readonly silentMs: number;
}

/**
 * What loss does to a TCP connection, without the packets: slow start, additive increase, a window halved by each round that
 * lost something, a retransmission timeout when the window is too small to notice (RFC 5681, RFC 6298).
 */
export class CongestionWindow {
  readonly #options: WindowOptions;
  #segments = INITIAL_SEGMENTS;
  #threshold = MOST_SEGMENTS;

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  /** After a long silence of the sender the path is probed anew (RFC 5681, 4.1). */
  restart(): void {
    this.#segments = Math.min(this.#segments, INITIAL_SEGMENTS);
  }

  nextRound(): Round {
    const { lossShare, random, rttMs } = this.#options;
    const sent = this.#segments;
    const bytes = sent * SEGMENT_BYTES;
    if (lossShare === 0 || random() < (1 - lossShare) ** sent) {
      this.#segments = Math.min(MOST_SEGMENTS, sent < this.#threshold ? Math.min(sent * 2, this.#threshold) : sent + 1);
      return { bytes, silentMs: 0 };
    }
    this.#threshold = Math.max(2, Math.floor(sent / 2));
    const isRepaired = sent >= FEWEST_FOR_RECOVERY && random() >= lossShare;
    this.#segments = isRepaired ? this.#threshold : 1;
    return { bytes, silentMs: isRepaired ? 0 : Math.max(LEAST_TIMEOUT_MS, 2 * rttMs) };
  }
}
