import type { ServerResponse } from 'node:http';
import { SluiceError } from '../../base/index.js';
import type { Content, FaceReply, Span } from '../../hubs/index.js';
import type { Headers } from '../../net/index.js';
import { isSameForRange, judgeConditions, type Verdict } from './conditions.js';
import { cut, type Asking, type Outlet, type Sent } from './outlet.js';
import { parseRange } from './ranges.js';
import { sendHeld } from './send-held.js';

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
