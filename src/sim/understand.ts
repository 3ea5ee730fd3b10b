import type { IncomingMessage } from 'node:http';
import type { SimRequest } from './answer.js';

/** The request with its body, its path left encoded and freed of the prefix. */
export async function understand(
  incoming: IncomingMessage,
  host: SimRequest['host'],
  baseUrl: string,
  prefix: string,
): Promise<SimRequest> {
  const body = await readBody(incoming);
  const target = incoming.url ?? '/';
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  return {
    method: incoming.method ?? 'GET',
    rawPath: path.startsWith(prefix) ? path.slice(prefix.length) : path,
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers: incoming.headers,
    body,
    host,
    baseUrl,
  };
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
