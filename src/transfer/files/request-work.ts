import type { RequestView, Work } from './job.js';

/** A request that is not shared out, for a whole file mostly: what it still has to bring is known only where its size is. */
export class WholeRequest implements RequestView {
  readonly index: number;
  readonly spareBytes = 0;
  readonly keeps: 'whole' | 'rigid';
  receivedBytes = 0;
  firstByteMs: number | undefined;
  lastByteMs: number | undefined;
  readonly #sizeBytes: number;

  constructor(sizeBytes: number | undefined, keeps: 'whole' | 'rigid', index = 0) {
    this.index = index;
    this.#sizeBytes = sizeBytes ?? 0;
    this.keeps = keeps;
  }

  get leftBytes(): number {
    return Math.max(0, this.#sizeBytes - this.receivedBytes);
  }

  received(bytes: number, nowMs: number): void {
    this.receivedBytes += bytes;
    this.firstByteMs ??= nowMs;
    this.lastByteMs = nowMs;
  }
}

/** A view with what starts and ends it; it goes on showing what the view shows. */
export function workOf(view: RequestView, handlers: Pick<Work, 'run' | 'abort'>): Work {
  return {
    get index() {
      return view.index;
    },
    get receivedBytes() {
      return view.receivedBytes;
    },
    get askedMs() {
      return view.askedMs;
    },
    get firstByteMs() {
      return view.firstByteMs;
    },
    get lastByteMs() {
      return view.lastByteMs;
    },
    get heldMs() {
      return view.heldMs;
    },
    get leftBytes() {
      return view.leftBytes;
    },
    get spareBytes() {
      return view.spareBytes;
    },
    get behindBytes() {
      return view.behindBytes;
    },
    get keeps() {
      return view.keeps;
    },
    get isShort() {
      return view.isShort === true;
    },
    get isAwaited() {
      return view.isAwaited === true;
    },
    ...handlers,
  };
}
