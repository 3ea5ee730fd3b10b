import { SluiceError, toSluiceError, type EventSink } from '../../base/index.js';
import { gateKey, type BodySink, type HostGate, type ResponseHead, type Transport } from '../../net/index.js';
import { FAILURE_BODY_BYTES, FAILURE_BODY_LIMIT_BYTES } from '../limits.js';
import type { RateLimiter } from '../schedule/rate-limiter.js';
import { hostOf, sizeMismatch } from './check-answer.js';
import { parseUnsatisfied } from './content-range.js';
import type { FileSource } from './file-source.js';
import type { Way } from './route.js';

/** What requests need from the transfer they belong to. */
export interface RequestEnvironment {
  readonly transport: Transport;
  readonly gate: HostGate | undefined;
  readonly limiter: RateLimiter;
  readonly emit: EventSink;
}

/** As `BodySink.onData` answers; `'enough'` ends the request well. */
export type DataAnswer = 'enough' | undefined | Promise<'enough' | undefined>;

export interface BodyRequest {
  readonly file: string;
  readonly from: FileSource;
  /** Of the whole file, where it is known. */
  readonly sizeBytes?: number;
  readonly range?: { readonly startByte: number; readonly endByte: number };
  readonly signal: AbortSignal;
  /** Judges a 2xx answer; throwing refuses it. */
  onHead(head: ResponseHead): void;
  onData(chunk: Buffer): DataAnswer;
}

/**
 * One GET of a file's bytes from one source, over the remembered way where there is one. Resolves when the body is over or was enough.
 * @throws SluiceError what the transport, the source's `failure` or the request's own handlers throw
 */
export async function fetchBody(environment: RequestEnvironment, request: BodyRequest): Promise<void> {
  const { from, signal } = request;
  const way = await from.route.next(signal);
  if (way.lead?.reason !== undefined)
    environment.emit({
      type: 'source.refreshed',
      source: from.source.id,
      file: request.file,
      reason: way.lead.reason,
    });
  try {
    await environment.gate?.wait(gateKey(way.url), signal);
    await exchange(environment, request, way);
  } finally {
    way.lead?.gaveUp();
  }
}

async function exchange(environment: RequestEnvironment, request: BodyRequest, way: Way): Promise<void> {
  const { from, range } = request;
  const ending = new AbortController();
  const end = (): void => ending.abort();
  const sink = new Sink(environment, request, way, end);
  const isHome = new URL(way.url).origin === new URL(from.source.url).origin;
  request.signal.addEventListener('abort', end, { once: true });
  try {
    request.signal.throwIfAborted();
    await environment.transport.get(
      {
        url: way.url,
        ...(from.source.headers ? { headers: from.source.headers } : {}),
        ...(from.source.credentials && isHome ? { credentials: from.source.credentials } : {}),
        ...(range ? { range } : {}),
        signal: ending.signal,
        onRedirect: (target, head) => {
          environment.gate?.note(gateKey(head.url), head);
          way.lead?.movedTo(target);
          from.source.redirected?.(target);
        },
      },
      sink,
    );
  } catch (thrown) {
    sink.failedWith ??= thrown;
  } finally {
    request.signal.removeEventListener('abort', end);
  }
  await sink.settled();
  const failure = sink.verdict(request.signal.aborted);
  if (failure !== undefined) throw failure;
}

class Sink implements BodySink {
  readonly #environment: RequestEnvironment;
  readonly #request: BodyRequest;
  readonly #way: Way;
  readonly #end: () => void;
  #head: ResponseHead | undefined;
  #isRefusal = false;
  readonly #refusal: Buffer[] = [];
  #refusalBytes = 0;
  #isEnough = false;
  #work: Promise<void> | undefined;
  failedWith: unknown;

  constructor(environment: RequestEnvironment, request: BodyRequest, way: Way, end: () => void) {
    this.#environment = environment;
    this.#request = request;
    this.#way = way;
    this.#end = end;
  }

  onHead(head: ResponseHead): boolean {
    this.#head = head;
    this.#environment.gate?.note(gateKey(head.url), head);
    this.#isRefusal = head.status < 200 || head.status > 299;
    if (this.#isRefusal) return true;
    this.#way.lead?.arrived(head.url);
    try {
      this.#request.onHead(head);
      return true;
    } catch (thrown) {
      this.failedWith = thrown;
      return false;
    }
  }

  onData(chunk: Buffer): void | Promise<void> {
    if (this.#isRefusal) {
      this.#collect(chunk);
      return;
    }
    if (this.#isEnough || this.failedWith !== undefined) return;
    this.#request.from.state.received(chunk.length);
    const held = this.#request.onData(chunk);
    const pause = this.#environment.limiter.take(chunk.length, this.#request.signal);
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

  /** What the handlers still do when the transport is already done. */
  async settled(): Promise<void> {
    await this.#work;
  }

  verdict(isAborted: boolean): SluiceError | undefined {
    if (this.#isEnough) return undefined;
    if (isAborted) return new SluiceError('INTERRUPTED');
    if (this.#head !== undefined && this.#isRefusal) return this.#refused(this.#head);
    return this.failedWith === undefined ? undefined : toSluiceError(this.failedWith);
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

  #refused(head: ResponseHead): SluiceError {
    const body = Buffer.concat(this.#refusal).subarray(0, FAILURE_BODY_BYTES).toString();
    const { from, sizeBytes, file: path } = this.#request;
    const toldBytes = head.status === 416 ? parseUnsatisfied(head.headers['content-range']) : undefined;
    if (toldBytes !== undefined && sizeBytes !== undefined && toldBytes !== sizeBytes)
      return sizeMismatch({ path, source: from.source.id, sizeBytes }, toldBytes);
    const failure = from.source.failure(head, body);
    // What a remembered address refuses, the source may still have under a new one.
    const isLost = head.status >= 400 && head.status < 500 && ![408, 416, 429].includes(head.status);
    if (!isLost) return failure;
    const isElsewhere = hostOf(head.url) !== hostOf(from.source.url);
    from.route.refused(head.url, `${hostOf(head.url)} answered ${head.status}`);
    if (!this.#way.isRemembered || failure.code === 'EXPIRED' || !isElsewhere) return failure;
    return new SluiceError('EXPIRED', { host: hostOf(head.url), status: head.status }, { cause: failure });
  }
}
