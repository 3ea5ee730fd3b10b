import type { IncomingMessage } from 'node:http';
import { SluiceError } from '../base/index.js';
import type { Caller, FaceRequest } from '../hubs/index.js';
import type { Headers } from '../net/index.js';

/** What Node parsed, as faces read it. Undefined for methods that no face has. */
export function readRequest(message: IncomingMessage, publicUrl: string, signal: AbortSignal): FaceRequest | undefined {
  const { method } = message;
  if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return undefined;
  const target = message.url ?? '/';
  const mark = target.indexOf('?');
  const headers = joinHeaders(message);
  return {
    method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers,
    publicUrl,
    caller: callerOf(headers.authorization),
    signal,
    body: (limitBytes) => readBody(message, limitBytes),
  };
}

function joinHeaders({ headers }: IncomingMessage): Headers {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}

function callerOf(authorization: string | undefined): Caller {
  const token = /^Bearer[ ]+([\x21-\x7e]{1,4096})$/i.exec(authorization ?? '')?.[1];
  return token === undefined ? {} : { token };
}

async function readBody(message: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) throw new SluiceError('USAGE', { reason: `a body of more than ${limitBytes} bytes` });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
