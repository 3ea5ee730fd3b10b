import { SluiceError, toSluiceError } from '../../base/index.js';
import { gateKey, type HostGate, type ResponseHead, type Transport } from '../../net/index.js';
import { statusRefusal } from '../refusal.js';
import type { XorbRange } from './wire.js';

export interface XorbRequest {
  readonly transport: Transport;
  readonly gate: HostGate;
  readonly range: XorbRange;
  readonly signal: AbortSignal;
  /** As `BodySink.room`. */
  room(): Buffer;
  /** A promise holds the next bytes back; what it throws ends the request. */
  onData(chunk: Buffer): Promise<void> | undefined;
}

const REFUSAL_BYTES = 4096;
const GONE: ReadonlySet<number> = new Set([401, 403, 410]);

/**
 * The bytes of one xorb range, from its signed address, without credentials. Resolves when exactly those bytes came.
 * @throws SluiceError EXPIRED when the address is no longer good, BAD_RESPONSE, SERVER_ERROR, RATE_LIMITED, and what the transport and `onData` throw
 */
export async function fetchXorb(request: XorbRequest): Promise<void> {
  const { transport, gate, range, signal } = request;
  const wantedBytes = range.endByte - range.startByte;
  const refusal: Buffer[] = [];
  const ending = new AbortController();
  const end = (): void => ending.abort();
  let answered: ResponseHead | undefined;
  let receivedBytes = 0;
  let failure: SluiceError | undefined;
  signal.addEventListener('abort', end, { once: true });
  try {
    if (signal.aborted) throw new SluiceError('INTERRUPTED');
    await gate.wait(gateKey(range.url), signal);
    await transport.get(
      {
        url: range.url,
        givenBy: range.givenBy,
        range: { startByte: range.startByte, endByte: range.endByte },
        signal: ending.signal,
        onRedirect: (_, head) => void gate.note(gateKey(head.url), head),
      },
      {
        onHead(head) {
          answered = head;
          gate.note(gateKey(head.url), head);
          if (isRefusal(head)) return true;
          failure = unfit(head, range);
          return failure === undefined;
        },
        room: () => {
          const isWanted = answered !== undefined && !isRefusal(answered) && failure === undefined;
          return isWanted && receivedBytes < wantedBytes ? request.room() : undefined;
        },
        onData(chunk) {
          if (answered !== undefined && isRefusal(answered)) {
            refusal.push(Buffer.from(chunk));
            if (sum(refusal) >= REFUSAL_BYTES) end();
            return undefined;
          }
          const wanted = chunk.subarray(0, wantedBytes - receivedBytes);
          receivedBytes += wanted.length;
          if (wanted.length === 0 || failure !== undefined) return undefined;
          let pause: Promise<void> | undefined;
          try {
            pause = request.onData(wanted);
          } catch (thrown) {
            failure ??= toSluiceError(thrown);
            end();
          }
          // A whole xorb that came instead of its beginning.
          if (wanted.length < chunk.length) end();
          return pause;
        },
      },
    );
  } catch (thrown) {
    const isDone = receivedBytes === wantedBytes || (answered !== undefined && isRefusal(answered));
    if (!isDone || signal.aborted) failure ??= toSluiceError(thrown);
  } finally {
    signal.removeEventListener('abort', end);
  }
  if (failure !== undefined) throw failure;
  if (answered !== undefined && isRefusal(answered)) throw refused(answered, refusal);
  if (receivedBytes < wantedBytes)
    throw new SluiceError('RESET', { host: new URL(range.url).host, reason: 'the answer ended early' });
}

function isRefusal(head: ResponseHead): boolean {
  return head.status < 200 || head.status > 299;
}

/** What speaks against an answer that is no refusal: it must bring exactly the range, or a whole xorb that begins with it. */
function unfit(head: ResponseHead, { startByte, endByte }: XorbRange): SluiceError | undefined {
  const refuse = (reason: string): SluiceError =>
    new SluiceError('BAD_RESPONSE', { host: new URL(head.url).host, reason });
  if (head.status === 206) {
    const text = head.headers['content-range'] ?? '';
    const match = /^bytes (\d{1,16})-(\d{1,16})\/(?:\d{1,16}|\*)$/.exec(text);
    if (match !== null && Number(match[1]) === startByte && Number(match[2]) === endByte - 1) return undefined;
    return refuse(`206 with the Content-Range "${text.slice(0, 80)}"`);
  }
  if (head.status !== 200) return refuse(`the status ${head.status}`);
  const length = head.headers['content-length'];
  return startByte === 0 || length === String(endByte - startByte) ? undefined : refuse('200 instead of 206');
}

function refused(head: ResponseHead, body: readonly Buffer[]): SluiceError {
  const text = Buffer.concat(body).toString('utf8', 0, REFUSAL_BYTES);
  const { host, origin } = new URL(head.url);
  if (GONE.has(head.status) || (head.status === 400 && /expire/i.test(text)))
    return new SluiceError('EXPIRED', { host, status: head.status });
  return statusRefusal(head, text, { origin, path: 'a xorb', withToken: false });
}

function sum(parts: readonly Buffer[]): number {
  return parts.reduce((total, part) => total + part.length, 0);
}
