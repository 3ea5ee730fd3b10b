import { open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { SluiceError, toSluiceError } from '../../base/index.js';
import type { Content, FaceReply, Guard, Span } from '../../hubs/index.js';
import type { Headers } from '../../net/index.js';
import { isIntact, type KnownPiece } from '../../proof/index.js';
import { STALLED_READER_MS } from '../limits.js';
import type { Carriers } from './carriers.js';
import { isSameForRange, judgeConditions, type Verdict } from './conditions.js';
import { pumpChecked, type Judge } from './pump-checked.js';
import { parseRange } from './ranges.js';
import { wireHead } from './wire-head.js';

/** What of a request its answer depends on. */
export interface Asking {
  readonly method: string;
  readonly headers: Headers;
  readonly signal: AbortSignal;
}

/** Where an answer goes, and who may send it. */
export interface Outlet {
  readonly response: ServerResponse;
  /** Whether the connection goes on after it. */
  readonly keepAlive: boolean;
  /** Set where the connection may be handed over: nothing else is under way on it. */
  readonly carriers: Carriers | undefined;
  /** Told when a connection that was given to a carrier is free: back again, or undefined where it ended. */
  readonly returned: (given: Socket, back: Socket | undefined) => void;
  /** Called when the head goes out. */
  readonly onHead: () => void;
}

export interface Sent {
  readonly status: number;
  /** Of the body. */
  readonly bytes: number;
  /** Why it could not be finished; its connection was cut then. */
  readonly cut?: string;
  /** Its `X-Cache-Status`, where that is of the part that was sent. */
  readonly cache?: string;
}

/** Shorter bodies are sent sooner than handed over. */
const LEAST_CARRIED_BYTES = 1024 * 1024;
/** Shorter ones go out with their head. */
const MOST_AT_ONCE_BYTES = 64 * 1024;

/** Puts an answer on the wire. A body that cannot be finished ends with a reset of its connection, never like a whole one. */
export async function sendReply(request: Asking, outlet: Outlet, reply: FaceReply): Promise<Sent> {
  const { content } = reply;
  const verdict = conditionsOf(request, reply);
  if (verdict !== 'go on') return sendWhole(request, outlet, { status: verdict, headers: reply.headers });
  if (content === undefined) return sendWhole(request, outlet, reply);
  const range = rangeOf(request, reply, content);
  const headers = { ...reply.headers, 'accept-ranges': 'bytes' };
  if (range === 'none') {
    const outside = { 'content-range': `bytes */${content.sizeBytes}`, 'content-length': '0' };
    return sendHead(outlet, 416, { ...headers, ...outside });
  }
  const span: Span = range === 'all' ? { startByte: 0, endByte: content.sizeBytes } : range;
  const length = span.endByte - span.startByte;
  const part = { 'content-range': `bytes ${span.startByte}-${span.endByte - 1}/${content.sizeBytes}` };
  const status = range === 'all' ? reply.status : 206;
  const cache = content.statusOf?.(span);
  const cached = cache === undefined ? {} : { 'x-cache-status': cache };
  const whole = { ...headers, ...cached, 'content-length': String(length), ...(range === 'all' ? {} : part) };
  if (request.method === 'HEAD' || length === 0) return sendHead(outlet, status, whole);
  if (content.bytes !== undefined) {
    outlet.onHead();
    outlet.response.writeHead(status, whole).end(content.bytes.subarray(span.startByte, span.endByte));
    return { status, bytes: length };
  }
  const bytes =
    content.path === undefined
      ? undefined
      : await sendHeld(outlet, status, whole, { path: content.path, guard: content.guard }, span, request);
  const sent = bytes ?? (await sendStream(outlet, status, whole, content.read(span, request.signal), request.signal));
  return cache === undefined ? sent : { ...sent, cache };
}

function conditionsOf({ method, headers }: Asking, { status, headers: { etag } }: FaceReply): Verdict {
  return method === 'POST' || status !== 200 || etag === undefined ? 'go on' : judgeConditions(headers, etag);
}

/** Only a GET has ranges (RFC 9110 §14.2). */
function rangeOf({ method, headers }: Asking, reply: FaceReply, { sizeBytes }: Content): Span | 'all' | 'none' {
  // What the client has the rest of may be something else: it gets all of this then.
  const isPart = method === 'GET' && isSameForRange(headers['if-range'], reply.headers);
  return isPart ? parseRange(headers.range, sizeBytes) : 'all';
}

function sendWhole({ method }: Asking, outlet: Outlet, reply: FaceReply): Sent {
  const body = Buffer.from(reply.body ?? '');
  const hasBody = reply.status !== 204 && reply.status !== 304;
  const length = { 'content-length': String(body.length) };
  outlet.onHead();
  outlet.response.writeHead(reply.status, { ...reply.headers, ...(hasBody ? length : {}) });
  outlet.response.end(method === 'HEAD' || !hasBody ? undefined : body);
  return { status: reply.status, bytes: method === 'HEAD' || !hasBody ? 0 : body.length };
}

function sendHead({ response, onHead }: Outlet, status: number, headers: Headers): Sent {
  onHead();
  response.writeHead(status, headers).end();
  return { status, bytes: 0 };
}

/** A file, and who knows what of it is to be looked at. */
interface Held {
  readonly path: string;
  readonly guard: Guard | undefined;
}

/** A file that is here. Undefined when it is not there any more, and nothing was sent. */
async function sendHeld(
  outlet: Outlet,
  status: number,
  headers: Headers,
  { path, guard }: Held,
  span: Span,
  { signal }: Asking,
): Promise<Sent | undefined> {
  const { response, onHead } = outlet;
  const length = span.endByte - span.startByte;
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  let leave: (() => void) | undefined;
  const said: Promise<void>[] = [];
  const judge: Judge = (piece, isRight) => {
    const told = Promise.resolve(guard?.judged(piece, isRight));
    // A stamp that cannot be written leaves the piece due, so it is found again.
    if (!isRight) said.push(told.catch(() => undefined));
  };
  try {
    const due = (await guard?.due(span)) ?? [];
    if (length <= MOST_AT_ONCE_BYTES) {
      await checkAll(file.fd, due, judge);
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, span.startByte);
      if (bytesRead < length) throw new SluiceError('FILE_SYSTEM', { path, reason: 'it ended early' });
      onHead();
      response.writeHead(status, headers).end(buffer);
      return { status, bytes: length };
    }
    onHead();
    const socket = response.socket?.constructor === Socket ? response.socket : undefined;
    const carriers = length >= LEAST_CARRIED_BYTES && socket !== undefined ? outlet.carriers : undefined;
    leave = carriers?.stay();
    if (carriers !== undefined && leave === undefined && socket !== undefined)
      return await handOver(outlet, carriers, socket, { status, headers, path, span, due }, judge);
    response.writeHead(status, headers).flushHeaders();
    const bytes = await pumpChecked(file.fd, span, due, judge, response, signal);
    response.end();
    return { status, bytes };
  } catch (thrown) {
    return cut(response, status, 0, thrown, signal);
  } finally {
    leave?.();
    await file.close();
    // Whoever asks next is not to be given the same again.
    await Promise.all(said);
  }
}

/** Bodies of a few bytes go out at once, so all that is due is compared before. @throws SluiceError CORRUPT_STORE */
async function checkAll(fd: number, due: readonly KnownPiece[], judge: Judge): Promise<void> {
  for (const piece of due) {
    const isRight = await isIntact(fd, piece);
    judge(piece, isRight);
    if (!isRight) throw new SluiceError('CORRUPT_STORE', { count: 1, total: 1 });
  }
}

interface Handing {
  readonly status: number;
  readonly headers: Headers;
  readonly path: string;
  readonly span: Span;
  readonly due: readonly KnownPiece[];
}

async function handOver(
  { response, keepAlive, returned }: Outlet,
  carriers: Carriers,
  socket: Socket,
  { status, headers, path, span, due }: Handing,
  judge: Judge,
): Promise<Sent> {
  const head = wireHead(status, { ...response.getHeaders(), ...headers } as Headers, keepAlive);
  const task = { head, path, ...span, due, keepAlive, stalledMs: STALLED_READER_MS };
  const { bytes, rightPieces, isWrong, reason, socket: back } = await carriers.carry({ ...task, socket });
  due.slice(0, rightPieces).forEach((piece) => judge(piece, true));
  const wrong = isWrong ? due[rightPieces] : undefined;
  if (wrong !== undefined) judge(wrong, false);
  returned(socket, back);
  return { status, bytes, ...(reason === undefined ? {} : { cut: reason }) };
}

async function sendStream(
  { response, onHead }: Outlet,
  status: number,
  headers: Headers,
  chunks: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<Sent> {
  let bytes = 0;
  try {
    onHead();
    response.writeHead(status, headers).flushHeaders();
    for await (const chunk of chunks) {
      if (!response.write(chunk)) await drained(response, signal);
      if (signal.aborted) throw new SluiceError('INTERRUPTED');
      bytes += chunk.length;
    }
    response.end();
    return { status, bytes };
  } catch (thrown) {
    return cut(response, status, bytes, thrown, signal);
  }
}

function cut(response: ServerResponse, status: number, bytes: number, thrown: unknown, signal: AbortSignal): Sent {
  response.socket?.resetAndDestroy();
  // Whatever else failed once the client was gone, failed because of that.
  return { status, bytes, cut: signal.aborted ? 'RESET' : toSluiceError(thrown).code };
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      response.off('drain', over).off('close', over);
      signal.removeEventListener('abort', over);
      resolve();
    };
    response.once('drain', over).once('close', over);
    signal.addEventListener('abort', over, { once: true });
    if (signal.aborted) over();
  });
}
