import { SluiceError, toSluiceError } from '../../base/index.js';
import type { BodySink, GetRequest, ResponseHead, Transport } from '../../net/index.js';
import { FAILURE_BODY_BYTES, FAILURE_BODY_LIMIT_BYTES } from '../limits.js';
import type { RateLimiter } from '../budget/shared-bucket.js';

/** A GET as plain values. */
export type WireRequest = Pick<GetRequest, 'url' | 'givenBy' | 'headers' | 'credentials' | 'range' | 'isAlone'>;

/** As `BodySink.onData` answers; `'enough'` ends the request well. */
export type DataAnswer = 'enough' | undefined | Promise<'enough' | undefined>;

/** Where the body of a 2xx answer goes. */
export interface WireTarget {
  /** Judges the answer; throwing refuses it. */
  onHead(head: ResponseHead): void;
  room?(): Buffer | undefined;
  onData(chunk: Buffer): DataAnswer;
}

/** What is told of a request while it is under way. */
export interface WireHooks {
  /** A request was put on the wire. */
  readonly onWire?: () => void;
  readonly onRedirect: (target: string, head: ResponseHead) => void;
  /** Of any answer that is not a redirect. Throwing ends the request. */
  readonly onHead: (head: ResponseHead) => void;
}

/** How an answer ended that did not fail: well, or as a refusal with the beginning of its body. */
export type WireEnd = { readonly head: ResponseHead; readonly refusal: string } | undefined;

export interface WireMeans {
  readonly transport: Transport;
  readonly limiter: RateLimiter;
}

/**
 * One GET into a target, in whichever thread.
 * @throws SluiceError what the transport, the target or the hooks throw; INTERRUPTED when `signal` fired
 */
export async function perform(
  means: WireMeans,
  wire: WireRequest,
  target: WireTarget,
  hooks: WireHooks,
  signal: AbortSignal,
): Promise<WireEnd> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  const sink = new Sink(means.limiter, target, hooks, end, signal);
  signal.addEventListener('abort', end, { once: true });
  try {
    if (signal.aborted) throw new SluiceError('INTERRUPTED');
    const { onRedirect, onWire } = hooks;
    const asked = { ...wire, signal: ending.signal, onRedirect, ...(onWire === undefined ? {} : { onWire }) };
    await means.transport.get(asked, sink.asBodySink());
  } catch (thrown) {
    sink.failedWith ??= thrown;
  } finally {
    signal.removeEventListener('abort', end);
  }
  return sink.verdict();
}

class Sink {
  readonly #limiter: RateLimiter;
  readonly #target: WireTarget;
  readonly #hooks: WireHooks;
  readonly #end: () => void;
  readonly #signal: AbortSignal;
  #head: ResponseHead | undefined;
  #isRefusal = false;
  readonly #refusal: Buffer[] = [];
  #refusalBytes = 0;
  #isEnough = false;
  #work: Promise<void> | undefined;
  failedWith: unknown;

  constructor(limiter: RateLimiter, target: WireTarget, hooks: WireHooks, end: () => void, signal: AbortSignal) {
    this.#limiter = limiter;
    this.#target = target;
    this.#hooks = hooks;
    this.#end = end;
    this.#signal = signal;
  }

  asBodySink(): BodySink {
    return {
      onHead: (head) => this.#onHead(head),
      onData: (chunk) => this.#onData(chunk),
      ...(this.#target.room === undefined ? {} : { room: () => this.#room() }),
    };
  }

  #onHead(head: ResponseHead): boolean {
    this.#head = head;
    this.#isRefusal = head.status < 200 || head.status > 299;
    try {
      this.#hooks.onHead(head);
      if (!this.#isRefusal) this.#target.onHead(head);
      return true;
    } catch (thrown) {
      this.failedWith = thrown;
      return false;
    }
  }

  #room(): Buffer | undefined {
    const isUnwanted = this.#isRefusal || this.#isEnough || this.failedWith !== undefined;
    return isUnwanted ? undefined : this.#target.room?.();
  }

  #onData(chunk: Buffer): void | Promise<void> {
    if (this.#isRefusal) {
      this.#collect(chunk);
      return;
    }
    if (this.#isEnough || this.failedWith !== undefined) return;
    const held = this.#target.onData(chunk);
    const pause = this.#limiter.take(chunk.length, this.#signal);
    if (held === 'enough') {
      this.#enough();
      return;
    }
    if (held === undefined) return pause;
    this.#work = held.then(
      (said) => {
        if (said === 'enough') this.#enough();
        return pause;
      },
      (thrown: unknown) => {
        this.failedWith ??= thrown;
        this.#end();
      },
    );
    return this.#work;
  }

  async verdict(): Promise<WireEnd> {
    // What the target still does when the transport is already done.
    await this.#work;
    if (this.#isEnough) return undefined;
    if (this.#signal.aborted) throw new SluiceError('INTERRUPTED');
    if (this.#head !== undefined && this.#isRefusal) return { head: this.#head, refusal: this.#refusalText() };
    if (this.failedWith !== undefined) throw toSluiceError(this.failedWith);
    return undefined;
  }

  #enough(): void {
    this.#isEnough = true;
    this.#end();
  }

  #collect(chunk: Buffer): void {
    if (this.#refusalBytes < FAILURE_BODY_BYTES) this.#refusal.push(Buffer.from(chunk));
    this.#refusalBytes += chunk.length;
    if (this.#refusalBytes > FAILURE_BODY_LIMIT_BYTES) this.#end();
  }

  #refusalText(): string {
    return Buffer.concat(this.#refusal).subarray(0, FAILURE_BODY_BYTES).toString();
  }
}
