import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

import { SluiceError } from '../base/index.js';
import { exchangeFault } from './fault.js';
import { contentLength, foreignEncoding, joinHeaders } from './headers.js';
import { MAX_INFORMATIONAL_ANSWERS, MAX_REDIRECT_BODY_BYTES } from './limits.js';
import type { BodySink, ResponseHead } from './port.js';
import { isRedirect } from './redirect.js';
import { DRAIN_MS, type Patience } from './timing.js';
import type { Valve } from './valved-client.js';

export interface HopOptions extends Patience {
  readonly url: URL;
  readonly sink: BodySink;
  readonly signal: AbortSignal;
  /** Set when the request is sent to a proxy in absolute form: a 407 is the proxy's. */
  readonly proxyHost?: string;
  readonly onWire: () => void;
}

/** One request and its answer: resolves with the head of a redirect, or with undefined when the body went to the sink. */
export class Hop implements Dispatcher.DispatchHandler {
  readonly #options: HopOptions;
  readonly #host: string;
  readonly outcome: Promise<ResponseHead | undefined>;
  #resolve!: (head: ResponseHead | undefined) => void;
  #reject!: (error: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #over = false;
  #redirect: ResponseHead | undefined;
  #status = 0;
  #informed = 0;
  #receivedBytes = 0;
  #expectedBytes: number | undefined;
  #writing: Promise<void> | undefined;
  /** Chunks of the same read that came behind one that the sink still works on. */
  readonly #waiting: Buffer[] = [];
  #isWhole = false;
  #valve: () => Valve | undefined = () => undefined;
  #held: Valve | undefined;

  constructor(options: HopOptions) {
    this.#options = options;
    this.#host = options.url.host;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (options.signal.aborted) this.#onAbort();
    else options.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  takeValve(valve: () => Valve | undefined): void {
    this.#valve = valve;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) {
      controller.abort(new SluiceError('INTERRUPTED'));
      return;
    }
    this.#options.onWire();
    this.#watch(this.#options.headTimeoutMs);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, raw: IncomingHttpHeaders): void {
    if (this.#over) return;
    if (status < 200) {
      this.#informed += 1;
      if (this.#informed > MAX_INFORMATIONAL_ANSWERS)
        this.#fail(new SluiceError('BAD_RESPONSE', { host: this.#host, reason: 'informational answers without end' }));
      return;
    }
    const head: ResponseHead = { status, headers: joinHeaders(raw), url: this.#options.url.href };
    this.#expectedBytes = contentLength(head.headers);
    this.#watch(this.#options.idleMs);
    const refusal = this.#refusal(head);
    if (refusal !== undefined) this.#fail(refusal);
    else if (isRedirect(status)) this.#drain(controller, head);
    else this.#offer(controller, head);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#receivedBytes += chunk.length;
    if (this.#redirect !== undefined && this.#receivedBytes > MAX_REDIRECT_BODY_BYTES) this.#leave(controller);
    if (this.#over || this.#redirect !== undefined) return;
    if (this.#writing !== undefined) {
      this.#waiting.push(chunk);
      return;
    }
    this.#timer?.refresh();
    this.#deliver(chunk);
  }

  onResponseEnd(): void {
    if (this.#over) return;
    if (this.#redirect !== undefined) this.#finishSoon();
    else if (this.#expectedBytes !== undefined && this.#receivedBytes !== this.#expectedBytes && !this.#isBodiless())
      this.#fail(new SluiceError('RESET', { host: this.#host, reason: 'the answer ended early' }));
    else if (this.#writing !== undefined) {
      this.#isWhole = true;
      this.#release();
    } else this.#finishSoon();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#over || this.#isWhole) return;
    if (this.#redirect !== undefined) this.#finish();
    else this.#fail(exchangeFault(error, this.#host, this.#status !== 0));
  }

  /** A connection that could not even be asked for (the transport is closed). */
  refuse(error: unknown): void {
    this.#fail(exchangeFault(error, this.#host, this.#status !== 0));
  }

  #isBodiless(): boolean {
    return this.#status === 204 || this.#status === 304;
  }

  #refusal(head: ResponseHead): SluiceError | undefined {
    this.#status = head.status;
    const host = this.#host;
    if (head.status === 407 && this.#options.proxyHost !== undefined)
      return new SluiceError('PROXY', {
        host: this.#options.proxyHost,
        status: 407,
        reason: '407 Proxy Authentication Required',
      });
    if (head.status > 599) return new SluiceError('BAD_RESPONSE', { host, reason: `the status ${head.status}` });
    const encoding = head.status < 300 ? foreignEncoding(head.headers, head.url) : undefined;
    if (encoding === undefined) return undefined;
    return new SluiceError('BAD_RESPONSE', { host, reason: `encoded as ${encoding}, which was not asked for` });
  }

  #offer(controller: Dispatcher.DispatchController, head: ResponseHead): void {
    try {
      if (this.#options.sink.onHead(head)) return;
      this.#leave(controller);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The little body that a redirect has is read, so that the connection can be used for the next hop; a long or slow one is left. */
  #drain(controller: Dispatcher.DispatchController, head: ResponseHead): void {
    this.#redirect = head;
    clearTimeout(this.#timer);
    if ((this.#expectedBytes ?? 0) > MAX_REDIRECT_BODY_BYTES) this.#leave(controller);
    else this.#timer = setTimeout(() => this.#leave(controller), DRAIN_MS);
  }

  #leave(controller: Dispatcher.DispatchController): void {
    this.#finish();
    if (!controller.aborted) controller.abort(new Error('the rest is not wanted'));
  }

  #deliver(chunk: Buffer): void {
    try {
      const writing = this.#options.sink.onData(chunk);
      if (writing !== undefined) this.#holdBack(writing);
    } catch (error) {
      this.#fail(error);
    }
  }

  #holdBack(writing: Promise<void>): void {
    this.#hold();
    // Silence is not the server's while nobody reads.
    clearTimeout(this.#timer);
    this.#writing = writing.then(
      () => {
        this.#writing = undefined;
        this.#goOn();
      },
      (error: unknown) => {
        this.#writing = undefined;
        this.#fail(error);
      },
    );
  }

  #hold(): void {
    if (this.#isWhole || this.#held !== undefined) return;
    this.#held = this.#valve();
    this.#held?.hold();
  }

  /** Only its own hold: behind a whole answer the connection may already serve another. */
  #release(): void {
    const held = this.#held;
    this.#held = undefined;
    held?.release();
  }

  /** The sink is free again. */
  #goOn(): void {
    while (!this.#over && this.#writing === undefined) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#deliver(next);
    }
    if (this.#over || this.#writing !== undefined) return;
    if (this.#isWhole) {
      this.#finishSoon();
      return;
    }
    this.#watch(this.#options.idleMs);
    this.#release();
  }

  #watch(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#fail(new SluiceError('STALLED', { host: this.#host, seconds: Math.round(ms / 1000) }));
    }, ms);
  }

  readonly #onAbort = (): void => {
    this.#fail(new SluiceError('INTERRUPTED'));
  };

  #finish(): void {
    if (this.#over) return;
    this.#end();
    this.#resolve(this.#redirect);
  }

  /** undici gives the connection free one turn of the event loop later; asked before that, it would dial another. */
  #finishSoon(): void {
    this.#end();
    setImmediate(() => setImmediate(() => this.#resolve(this.#redirect)));
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#end();
    const controller = this.#controller;
    if (controller !== undefined && !controller.aborted)
      controller.abort(error instanceof Error ? error : new Error(String(error)));
    // The caller's last write must be over before it learns of the end.
    const writing = this.#writing ?? Promise.resolve();
    void writing.finally(() => this.#reject(error));
  }

  #end(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#release();
    this.#options.signal.removeEventListener('abort', this.#onAbort);
  }
}
