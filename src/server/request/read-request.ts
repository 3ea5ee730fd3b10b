import type { IncomingMessage } from 'node:http';
import { SluiceError } from '../../base/index.js';
import type { Headers } from '../../net/index.js';

/** Headers as faces read them: one text each. */
export function joinHeaders({ headers }: IncomingMessage): Headers {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}

/** How often a header stands in a request: Node keeps the first of those that may stand once. */
export function countHeader({ rawHeaders }: IncomingMessage, name: string): number {
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length;
}

/** All of a body. @throws SluiceError USAGE when it is longer than allowed */
export async function readBody(message: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) throw new SluiceError('USAGE', { reason: `a body of more than ${limitBytes} bytes` });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
