import type { ServerResponse } from 'node:http';
import { SluiceError } from '../base/index.js';
import type { FaceReply, FaceRequest, Span } from '../hubs/index.js';
import { parseRange } from './ranges.js';

/**
 * Puts an answer on the wire. A body that cannot be finished ends with a reset of its connection.
 * @throws SluiceError when it could not be finished, after the connection is cut
 */
export async function sendReply(request: FaceRequest, response: ServerResponse, reply: FaceReply): Promise<void> {
  const { content } = reply;
  if (content === undefined) {
    sendWhole(request, response, reply);
    return;
  }
  const range = request.method === 'POST' ? 'all' : parseRange(request.headers.range, content.sizeBytes);
  const headers = { ...reply.headers, 'accept-ranges': 'bytes' };
  if (range === 'none') {
    const outside = { 'content-range': `bytes */${content.sizeBytes}`, 'content-length': '0' };
    response.writeHead(416, { ...headers, ...outside }).end();
    return;
  }
  const span: Span = range === 'all' ? { startByte: 0, endByte: content.sizeBytes } : range;
  const length = span.endByte - span.startByte;
  const part = { 'content-range': `bytes ${span.startByte}-${span.endByte - 1}/${content.sizeBytes}` };
  response.writeHead(range === 'all' ? reply.status : 206, {
    ...headers,
    'content-length': String(length),
    ...(range === 'all' ? {} : part),
  });
  if (request.method === 'HEAD' || length === 0) {
    response.end();
    return;
  }
  await sendContent(request, response, content.read(span, request.signal));
}

function sendWhole({ method }: FaceRequest, response: ServerResponse, reply: FaceReply): void {
  const body = reply.body ?? '';
  const hasBody = reply.status !== 204 && reply.status !== 304;
  const length = { 'content-length': String(Buffer.byteLength(body)) };
  response.writeHead(reply.status, { ...reply.headers, ...(hasBody ? length : {}) });
  response.end(method === 'HEAD' || !hasBody ? undefined : body);
}

async function sendContent(
  { signal }: FaceRequest,
  response: ServerResponse,
  chunks: AsyncIterable<Buffer>,
): Promise<void> {
  response.flushHeaders();
  try {
    for await (const chunk of chunks) {
      if (!response.write(chunk)) await drained(response, signal);
      if (signal.aborted) throw new SluiceError('INTERRUPTED');
    }
    response.end();
  } catch (thrown) {
    response.socket?.resetAndDestroy();
    throw thrown;
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
  });
}
