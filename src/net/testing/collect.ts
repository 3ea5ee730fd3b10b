import { onTestFinished } from 'vitest';

import type { GetRequest, ResponseHead, Transport } from '../port.js';
import type { TransportOptions } from '../transport-options.js';
import { createTransport } from '../transport.js';

/** A transport that is closed with its test. */
export function testTransport(options: TransportOptions = {}): Transport {
  const transport = createTransport(options);
  onTestFinished(() => transport.close());
  return transport;
}

export interface Collected {
  readonly head: ResponseHead;
  readonly body: string;
}

/** One GET with the whole body in memory. */
export async function collect(
  transport: Transport,
  request: Omit<GetRequest, 'signal'> & { readonly signal?: AbortSignal },
): Promise<Collected> {
  const chunks: Buffer[] = [];
  let head: ResponseHead | undefined;
  await transport.get(
    { signal: new AbortController().signal, ...request },
    {
      onHead(given) {
        head = given;
        return true;
      },
      onData(chunk) {
        chunks.push(Buffer.from(chunk));
      },
    },
  );
  if (head === undefined) throw new Error('no head');
  return { head, body: Buffer.concat(chunks).toString() };
}
