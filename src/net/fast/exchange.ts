import { SluiceError } from '../../base/index.js';
import { exchangeFault } from '../fault.js';
import { MAX_REDIRECT_BODY_BYTES, MAX_SMALL_ANSWER_BYTES } from '../limits.js';
import type { ResponseHead } from '../port.js';
import { isRedirect } from '../redirect.js';
import { isForDocument, type Leg } from '../road.js';
import { DRAIN_MS, type Patience } from '../timing.js';
import { BLOCK_BYTES } from './block-pool.js';
import type { Connection, Guest } from './connection.js';
import { ChunksReader } from './chunks-reader.js';
import { HeadReader } from './head-reader.js';
import { understandHead, type PlainAnswer } from './understand-head.js';

/** What became of a request; `connection` may carry another one for `keepAliveMs`. */
export type ExchangeEnd =
  /** Its answer is with the sink. */
  | { readonly kind: 'done'; readonly keepAliveMs: number }
  | { readonly kind: 'redirect'; readonly head: ResponseHead; readonly keepAliveMs: number }
  /** Not an answer that this road reads. The sink has seen nothing. `isLasting`: the next answers will hardly be plainer. */
  | { readonly kind: 'odd'; readonly isLasting: boolean }
  /** The connection, used before, was closed by the other side before it saw the request. */
  | { readonly kind: 'stale' };

/** So much is given to the sink at once, if it comes within one turn of the event loop. */
const GATHER_BYTES = BLOCK_BYTES / 2;
const NOTHING = Buffer.alloc(0);

/** One request and its answer on a connection, which is destroyed unless the answer was read to its end. */
export class Exchange implements Guest {
  readonly #connection: Connection;
  readonly #leg: Leg;
  readonly #patience: Patience;
  readonly #wasUsed: boolean;
  readonly end: Promise<ExchangeEnd>;
  #resolve!: (end: ExchangeEnd) => void;
  #reject!: (error: unknown) => void;
  readonly #reader = new HeadReader();
  #answer: PlainAnswer | undefined;
  /** Set while the body of a redirect is read only to keep the connection. */
  #redirect: ResponseHead | undefined;
  #leftBytes = 0;
  /** Memory of the sink, and how much of its beginning came in this turn of the event loop and was not given to the sink yet. */
  #lent: Buffer = NOTHING;
  #lentBytes = 0;
  #writing: Promise<void> | undefined;
  #isCollecting = false;
  #chunks: ChunksReader | undefined;
  #isPumpDue = false;
  #isOver = false;
  #closed: { readonly error: Error | undefined } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(connection: Connection, leg: Leg, patience: Patience) {
    this.#connection = connection;
    this.#leg = leg;
    this.#patience = patience;
    this.#wasUsed = connection.wasKept;
    this.end = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  start(request: string): void {
    this.#leg.signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#leg.onWire();
    this.#watch(this.#patience.headTimeoutMs);
    this.#connection.send(request);
    this.#connection.enter(this);
  }

  /** A plain body goes straight to where its sink wants it. */
  room(): Buffer | undefined {
    const isPlain = !this.#isOver && this.#answer !== undefined && !this.#isCollecting && this.#redirect === undefined;
    if (!isPlain || this.#writing !== undefined || this.#connection.intake.pendingBytes > 0) return undefined;
    if (this.#lentBytes > 0) return this.#lent.subarray(this.#lentBytes);
    const room = this.#leftBytes > 0 ? this.#leg.sink.room?.() : undefined;
    return room !== undefined && room.length > this.#leftBytes ? room.subarray(0, this.#leftBytes) : room;
  }

  onFilled(room: Buffer, bytes: number): void {
    if (this.#isOver) {
      this.#connection.destroy();
      return;
    }
    // What was lent since then begins where this ends.
    if (this.#lentBytes === 0) this.#lent = room;
    this.#lentBytes += bytes;
    this.#leftBytes -= bytes;
    if (bytes === room.length || this.#leftBytes === 0) this.#pump();
    else this.#pumpSoon();
  }

  onBytes(): void {
    if (this.#isOver) this.#connection.destroy();
    else if (this.#answer === undefined) this.#readHead();
    else {
      if (this.#writing === undefined && this.#redirect === undefined) this.#timer?.refresh();
      this.#gather();
    }
  }

  onClosed(error: Error | undefined): void {
    if (this.#isOver) return;
    this.#closed = { error };
    if (this.#isCollecting) this.#collectedHalf(error);
    else if (this.#answer !== undefined) this.#pump();
    else if (error instanceof SluiceError) this.#fail(error);
    else this.#brokenOff(error);
  }

  /** Gives the sink much at once: a TLS record is 16 KiB, and many come in one turn. */
  #gather(): void {
    if (this.#isCollecting) {
      this.#collect();
      return;
    }
    const { pendingBytes } = this.#connection.intake;
    // What comes behind can land where the sink wants it only when nothing waits here.
    if (this.#leg.sink.room !== undefined || pendingBytes >= GATHER_BYTES || pendingBytes >= this.#leftBytes)
      this.#pump();
    else this.#pumpSoon();
  }

  #pumpSoon(): void {
    if (this.#isPumpDue) return;
    this.#isPumpDue = true;
    setImmediate(() => {
      this.#isPumpDue = false;
      this.#pump();
    });
  }

  #readHead(): void {
    const { intake } = this.#connection;
    const raw = this.#reader.read(intake.pending());
    if (raw === 'more') return;
    const answer = raw === 'odd' ? undefined : understandHead(raw, isForDocument(this.#leg));
    if (raw === 'odd' || answer === undefined) {
      // What a refusal looks like says nothing about the files of its host.
      this.#finish({ kind: 'odd', isLasting: raw === 'odd' || raw.status < 400 });
      return;
    }
    intake.skip(raw.byteLength);
    this.#answer = answer;
    this.#isCollecting = answer.bodyBytes === 'chunked';
    if (this.#isCollecting)
      this.#chunks = new ChunksReader(answer.status < 300 ? MAX_SMALL_ANSWER_BYTES : MAX_REDIRECT_BODY_BYTES);
    this.#leftBytes = typeof answer.bodyBytes === 'number' ? answer.bodyBytes : 0;
    if (isRedirect(answer.status)) this.#drain(answer);
    else {
      this.#watch(this.#patience.idleMs);
      if (this.#isCollecting) this.#collect();
      else this.#offer(answer);
    }
  }

  #offer(answer: PlainAnswer, body?: Buffer): void {
    try {
      if (!this.#leg.sink.onHead(this.#headOf(answer))) this.#finish({ kind: 'done', keepAliveMs: 0 });
    } catch (error) {
      this.#fail(error);
    }
    if (this.#isOver) return;
    if (body !== undefined && body.length > 0) this.#deliver(body);
    this.#gather();
  }

  #headOf({ status, headers }: PlainAnswer): ResponseHead {
    return { status, headers, url: this.#leg.url.href };
  }

  /** The little body that a redirect has is read, so that the connection can be used for the next hop; a long or slow one is left. */
  #drain(answer: PlainAnswer): void {
    const head = this.#headOf(answer);
    this.#redirect = head;
    clearTimeout(this.#timer);
    if (answer.bodyBytes === 'unread' || this.#leftBytes > MAX_REDIRECT_BODY_BYTES) {
      this.#leaveRedirect(head);
      return;
    }
    this.#timer = setTimeout(() => this.#leaveRedirect(head), DRAIN_MS);
    this.#gather();
  }

  #leaveRedirect(head: ResponseHead): void {
    this.#finish({ kind: 'redirect', head, keepAliveMs: 0 });
  }

  /** A chunked body is read to its end before the sink hears of the answer: until then it can be left to the other road. */
  #collect(): void {
    const { intake } = this.#connection;
    const answer = this.#answer;
    const chunked = this.#chunks?.read(intake.pending());
    if (chunked === undefined || chunked === 'more' || answer === undefined) return;
    this.#isCollecting = false;
    if (this.#redirect !== undefined && (chunked === 'odd' || chunked.isCut)) this.#leaveRedirect(this.#redirect);
    else if (chunked === 'odd') this.#finish({ kind: 'odd', isLasting: false });
    else {
      intake.skip(chunked.byteLength);
      // There is always more of what is cut off, and it does not come.
      if (chunked.isCut) this.#leftBytes = Infinity;
      if (this.#redirect === undefined) this.#offer(answer, chunked.body);
      if (chunked.isCut) this.#fail(badResponse(this.#leg.url.host, 'an answer without end'));
      else this.#pump();
    }
  }

  #collectedHalf(error: Error | undefined): void {
    this.#isCollecting = false;
    this.#endedEarly(error);
  }

  #pump(): void {
    const { intake } = this.#connection;
    this.#deliverLent();
    while (!this.#isOver && this.#writing === undefined) {
      const bytes = Math.min(intake.pendingBytes, this.#leftBytes);
      if (bytes === 0) break;
      const chunk = intake.pending().subarray(0, bytes);
      intake.skip(bytes);
      this.#leftBytes -= bytes;
      if (this.#redirect === undefined) this.#deliver(chunk);
    }
    if (this.#isOver) return;
    // Nobody asked for what comes behind the body, and the connection brings nothing else any more.
    if (this.#leftBytes === 0 && intake.pendingBytes > 0) this.#connection.destroy();
    if (this.#writing !== undefined) return;
    if (this.#leftBytes === 0) this.#finishSoon();
    else if (this.#closed !== undefined) this.#endedEarly(this.#closed.error);
  }

  /** What landed in the sink's own memory came before anything in the intake. */
  #deliverLent(): void {
    if (this.#lentBytes === 0 || this.#isOver || this.#writing !== undefined) return;
    const chunk = this.#lent.subarray(0, this.#lentBytes);
    this.#lentBytes = 0;
    this.#timer?.refresh();
    this.#deliver(chunk);
  }

  #deliver(chunk: Buffer): void {
    try {
      const writing = this.#leg.sink.onData(chunk);
      if (writing !== undefined) this.#holdBack(writing);
    } catch (error) {
      this.#fail(error);
    }
  }

  #holdBack(writing: Promise<void>): void {
    const { intake } = this.#connection;
    intake.lend();
    if (this.#leftBytes > 0) this.#connection.hold();
    // Silence is not the server's while nobody reads.
    clearTimeout(this.#timer);
    this.#writing = writing.then(
      () => {
        this.#writing = undefined;
        intake.returned();
        this.#goOn();
      },
      (error: unknown) => {
        this.#writing = undefined;
        intake.returned();
        this.#fail(error);
      },
    );
  }

  /** The sink is free again. */
  #goOn(): void {
    if (this.#isOver) return;
    this.#pump();
    if (this.#isDone() || this.#writing !== undefined) return;
    this.#watch(this.#patience.idleMs);
    this.#connection.release();
  }

  /** Asked apart, as whatever calls the sink may change it. */
  #isDone(): boolean {
    return this.#isOver;
  }

  #endedEarly(error: Error | undefined): void {
    if (this.#redirect !== undefined) this.#leaveRedirect(this.#redirect);
    else if (error !== undefined) this.#fail(exchangeFault(error, this.#leg.url.host, true));
    else this.#fail(reset(this.#leg.url.host, 'the answer ended early'));
  }

  /** Nothing but the end came, or a part of a head: whether that part made sense is for the other road to say. */
  #brokenOff(error: Error | undefined): void {
    const { host } = this.#leg.url;
    if (this.#connection.intake.pendingBytes > 0) this.#finish({ kind: 'odd', isLasting: false });
    else if (this.#wasUsed) this.#finish({ kind: 'stale' });
    else if (error !== undefined) this.#fail(exchangeFault(error, host, false));
    else this.#fail(reset(host, 'it closed the connection'));
  }

  #watch(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#fail(new SluiceError('STALLED', { host: this.#leg.url.host, seconds: Math.round(ms / 1000) }));
    }, ms);
  }

  readonly #onAbort = (): void => {
    this.#deliverLent();
    this.#fail(new SluiceError('INTERRUPTED'));
  };

  /** Bytes behind the end come in the same turn of the event loop, if at all: such a connection is not kept. */
  #finishSoon(): void {
    this.#settle();
    // All of it may have come behind a pause: whoever uses the connection next must be able to hear.
    this.#connection.release();
    const keepAliveMs = this.#answer?.keepAliveMs ?? 0;
    setImmediate(() => {
      if (this.#redirect === undefined) this.#resolve({ kind: 'done', keepAliveMs });
      else this.#resolve({ kind: 'redirect', head: this.#redirect, keepAliveMs });
    });
  }

  #finish(end: ExchangeEnd): void {
    if (this.#isOver) return;
    this.#settle();
    this.#connection.destroy();
    this.#resolve(end);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#settle();
    this.#connection.destroy();
    // The caller's last write must be over before it learns of the end, and so must a read into its memory that is under way.
    const writing = this.#writing ?? Promise.resolve();
    void writing.finally(() => setImmediate(() => this.#reject(error)));
  }

  #settle(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#leg.signal.removeEventListener('abort', this.#onAbort);
  }
}

function badResponse(host: string, reason: string): SluiceError {
  return new SluiceError('BAD_RESPONSE', { host, reason });
}

function reset(host: string, reason: string): SluiceError {
  return new SluiceError('RESET', { host, reason });
}
