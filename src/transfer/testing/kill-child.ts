import { openSync, writeSync } from 'node:fs';
import { createTransport, type Transport } from '../../net/index.js';
import { openStore } from '../../store/index.js';
import type { Sim } from '../../sim/index.js';
import { transfer } from '../index.js';
import { sourceOf } from './source-of.js';

/** A process that pulls one file, to be killed at any moment. Its argument is a KillOrder as JSON. */
export interface KillOrder {
  readonly home: string;
  readonly urls: readonly string[];
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly connections: number;
  /** Where the body bytes that came are counted (64 bits, little-endian): a file, as it outlives a kill. */
  readonly counter: string;
}

const order = JSON.parse(process.argv[2] ?? '{}') as KillOrder;
const plain = createTransport();
const transport = counted(plain, openSync(order.counter, 'w'));
const [result] = await transfer(
  [
    {
      path: order.path,
      sizeBytes: order.sizeBytes,
      digests: { sha256: order.sha256 },
      sources: order.urls.map((url) => sourceOf({ url } as Sim, order.path)),
    },
  ],
  {
    store: await openStore(order.home),
    transport,
    emit: () => undefined,
    signal: new AbortController().signal,
    connections: order.connections,
    noProgressMs: 20_000,
  },
);
await plain.close();
if (result?.error !== undefined) process.stderr.write(`${result.error.message}\n`);
process.exit(result?.sha256 === order.sha256 ? 0 : 1);

function counted(inner: Transport, descriptor: number): Transport {
  const count = Buffer.alloc(8);
  let bytes = 0n;
  return {
    get requestCount() {
      return inner.requestCount;
    },
    close: () => inner.close(),
    get: (request, sink) =>
      inner.get(request, {
        onHead: (head) => sink.onHead(head),
        onData: (chunk) => {
          bytes += BigInt(chunk.length);
          count.writeBigUInt64LE(bytes);
          writeSync(descriptor, count, 0, 8, 0);
          return sink.onData(chunk);
        },
      }),
  };
}
