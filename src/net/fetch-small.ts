import { SluiceError, type ErrorCode, type EventSink } from '../base/index.js';
import { contentLength } from './headers.js';
import { gateKey, type HostGate } from './host-gate.js';
import { parseJson } from './json.js';
import { MAX_PAUSES_MS, MAX_REFUSAL_BYTES, MAX_SMALL_ANSWER_BYTES } from './limits.js';
import type { GetRequest, ResponseHead, Transport } from './port.js';
import { sleep } from './sleep.js';

/** What small requests share. */
export interface SmallContext {
  readonly transport: Transport;
  readonly gate: HostGate;
  readonly emit: EventSink;
  /** Tries go on for this long; pauses that a server asks for are not counted. 60 s unless told. */
  readonly patienceMs?: number;
  /** Longer pauses that a server asks for are not waited for: its refusal is the answer. */
  readonly maxPausesMs?: number;
}

export interface SmallRequest extends GetRequest {
  /** Most bytes of a body that is accepted; default `MAX_SMALL_ANSWER_BYTES`. */
  readonly limitBytes?: number;
  /** The head of a success is the answer; a body is read only where it is so short that its connection is worth more. */
  readonly headOnly?: boolean;
  /** The error that a non-2xx answer means; `body` is its first `MAX_REFUSAL_BYTES`. */
  failure(head: ResponseHead, body: string): SluiceError;
}

export interface SmallAnswer {
  readonly head: ResponseHead;
  readonly body: Buffer;
}

const PATIENCE_MS = 60_000;
const BASE_DELAY_MS = 500;
/** A body that nobody needs is read up to this length: dialling anew would cost more. */
const MAX_IDLE_BODY_BYTES = 4096;
const MAX_DELAY_MS = 8000;

/** Faults that pass sooner than others or not at all: a name mistyped, a login page of a hotel, a proxy that wants a password. */
const SHORT_PATIENCE_MS: Partial<Record<ErrorCode, number>> = { DNS: 10_000, PROXY: 10_000, BAD_RESPONSE: 1500 };

/** One small answer, asked for again while that may help. Emits `source.waiting` before each wait of note. */
export async function fetchSmall(context: SmallContext, request: SmallRequest): Promise<SmallAnswer> {
  return retrying(context, request, () => tryOnce(context, request));
}

/** A small answer as JSON. BAD_RESPONSE when it is a web page, broken, not UTF-8 or nested without sense. */
export async function fetchJson(
  context: SmallContext,
  request: SmallRequest,
): Promise<{ readonly head: ResponseHead; readonly value: unknown }> {
  const withAccept = { ...request, headers: { accept: 'application/json', ...request.headers } };
  return retrying(context, request, async () => {
    const { head, body } = await tryOnce(context, withAccept);
    const outcome = parseJson(body);
    if ('value' in outcome) return { head, value: outcome.value };
    throw new SluiceError('BAD_RESPONSE', { host: new URL(head.url).host, reason: outcome.reason });
  });
}

async function retrying<T>(context: SmallContext, request: SmallRequest, attempt: () => Promise<T>): Promise<T> {
  const patienceMs = context.patienceMs ?? PATIENCE_MS;
  const { host } = new URL(request.url);
  let pausedMs = 0;
  const startMs = performance.now();
  for (let tries = 0; ; tries += 1) {
    pausedMs += await passGate(context, request, host);
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof SluiceError) || error.retry !== 'later' || isHopeless(error)) throw error;
      const limitMs = Math.min(patienceMs, SHORT_PATIENCE_MS[error.code] ?? patienceMs);
      const pauseMs = Math.max(context.gate.pauseMs(gateKey(request.url)), error.retryAfterMs ?? 0);
      const delayMs = jittered(tries);
      const spentMs = performance.now() - startMs - pausedMs;
      if (spentMs + delayMs > limitMs || pausedMs + pauseMs > (context.maxPausesMs ?? MAX_PAUSES_MS)) throw error;
      const waitMs = Math.max(delayMs, pauseMs);
      context.emit({ type: 'source.waiting', source: host, waitMs, reason: error.message });
      await sleep(waitMs, request.signal);
      if (pauseMs > delayMs) pausedMs += pauseMs;
    }
  }
}

/** Waits for a host that others were told to leave alone; returns for how long. */
async function passGate(context: SmallContext, request: SmallRequest, host: string): Promise<number> {
  const key = gateKey(request.url);
  const waitMs = context.gate.pauseMs(key);
  if (waitMs === 0) return 0;
  if (waitMs > (context.maxPausesMs ?? Infinity))
    throw new SluiceError('RATE_LIMITED', { host }, { retryAfterMs: waitMs });
  context.emit({ type: 'source.waiting', source: host, waitMs, reason: 'it limits how often it may be asked' });
  await context.gate.wait(key, request.signal);
  return waitMs;
}

function isHopeless(error: SluiceError): boolean {
  const { status } = error.details;
  return error.code === 'PROXY' && typeof status === 'number' && status < 500;
}

/** 0.5 s doubling to 8 s, spread over its upper half so that many callers do not come back at once. */
function jittered(tries: number): number {
  const ms = Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** Math.min(tries, 10));
  return ms / 2 + (Math.random() * ms) / 2;
}

async function tryOnce(context: SmallContext, request: SmallRequest): Promise<SmallAnswer> {
  const limitBytes = request.limitBytes ?? MAX_SMALL_ANSWER_BYTES;
  const chunks: Buffer[] = [];
  let receivedBytes = 0;
  let answered: ResponseHead | undefined;
  const isHeadEnough = (): boolean => request.headOnly === true && answered !== undefined && isSuccess(answered);
  const getting = context.transport.get(
    {
      ...request,
      onRedirect: (target, head) => {
        context.gate.note(gateKey(head.url), head);
        request.onRedirect?.(target, head);
      },
    },
    {
      onHead(head) {
        answered = head;
        context.gate.note(gateKey(head.url), head);
        return !isHeadEnough() || (contentLength(head.headers) ?? Infinity) <= MAX_IDLE_BODY_BYTES;
      },
      onData(chunk) {
        if (isHeadEnough()) return;
        receivedBytes += chunk.length;
        if (answered !== undefined && !isSuccess(answered)) {
          chunks.push(Buffer.from(chunk));
          if (receivedBytes >= MAX_REFUSAL_BYTES) throw refusal(request, answered, chunks);
          return;
        }
        if (receivedBytes > limitBytes) throw tooLong(request.url, limitBytes);
        chunks.push(Buffer.from(chunk));
      },
    },
  );
  await getting.catch((error: unknown) => {
    if (!isHeadEnough() || request.signal.aborted) throw error;
  });
  if (answered === undefined) throw new SluiceError('INTERNAL', { reason: 'an answer without a head' });
  if (!isSuccess(answered)) throw refusal(request, answered, chunks);
  return { head: answered, body: Buffer.concat(chunks) };
}

function refusal(request: SmallRequest, head: ResponseHead, chunks: readonly Buffer[]): SluiceError {
  return request.failure(head, Buffer.concat(chunks).toString('utf8', 0, MAX_REFUSAL_BYTES));
}

function isSuccess(head: ResponseHead): boolean {
  return head.status >= 200 && head.status < 300;
}

function tooLong(url: string, limitBytes: number): SluiceError {
  return new SluiceError('BAD_MANIFEST', {
    host: new URL(url).host,
    reason: `an answer of more than ${limitBytes} bytes`,
  });
}
