import type { ServerResponse } from 'node:http';
import { SluiceError, toSluiceError } from '../../base/index.js';
import type { Content, FaceReply, Span } from '../../hubs/index.js';
import type { Headers } from '../../net/index.js';
import { FIRST_BYTE_MS } from '../limits.js';
import { refusal } from '../refusal.js';
import { isSameForRange, judgeConditions, type Verdict } from './conditions.js';
import { cut, type Asking, type Outlet, type Sent } from './outlet.js';
import { parseRange } from './ranges.js';
import { sendHeld } from './send-held.js';

/** Bytes as they come, until the signal fires. */
type Read = (signal: AbortSignal) => AsyncIterable<Buffer>;

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
  const read: Read = (signal) => content.read(span, signal);
  const sent = bytes ?? (await sendStream(outlet, status, whole, read, request.signal));
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

function sendWhole({ method }: Pick<Asking, 'method'>, outlet: Outlet, reply: FaceReply): Sent {
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

async function sendStream(
  outlet: Outlet,
  status: number,
  headers: Headers,
  read: Read,
  signal: AbortSignal,
): Promise<Sent> {
  const { response, onHead, beganMs } = outlet;
  let bytes = 0;
  const stop = new AbortController();
  const gone = (): void => stop.abort();
  signal.addEventListener('abort', gone, { once: true });
  if (signal.aborted) gone();
  const late = setTimeout(gone, beganMs + FIRST_BYTE_MS - performance.now());
  try {
    for await (const chunk of read(stop.signal)) {
      if (!response.headersSent) {
        clearTimeout(late);
        onHead();
        response.writeHead(status, headers);
      }
      if (!response.write(chunk)) await drained(response, signal);
      if (signal.aborted) throw new SluiceError('INTERRUPTED');
      bytes += chunk.length;
    }
    response.end();
    return { status, bytes };
  } catch (thrown) {
    // As long as no byte is out, it can be said in words that clients come again by.
    const mayComeAgain = !signal.aborted && (stop.signal.aborted || toSluiceError(thrown).exitCode === 7);
    if (mayComeAgain && !response.headersSent) return sendWhole({ method: 'GET' }, outlet, refusal('no-bytes'));
    return cut(response, status, bytes, thrown, signal);
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', gone);
  }
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
