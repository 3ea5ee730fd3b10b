import { describe, onTestFinished } from 'vitest';

import type { BodySink, Transport } from '../port.js';
import type { TransportOptions } from '../transport-options.js';
import { createTransport } from '../transport.js';

export interface RoadUnderTest {
  /** A transport that is closed with its test. */
  readonly testTransport: (options?: TransportOptions) => Transport;
}

/** Every way to build the transport: what holds for one of them has to hold for all. */
const ROADS: Readonly<Record<string, (options: TransportOptions) => Transport>> = {
  'both roads': (options) => createTransport(options),
  'undici alone': (options) => createTransport({ ...options, fast: false }),
  'both roads, into memory of the sink': (options) => withRoom(createTransport(options)),
};

/** Runs a suite of the `Transport` port for every road. */
export function onEveryRoad(suite: (road: RoadUnderTest) => void): void {
  describe.each(Object.entries(ROADS))('over %s', (_, create) => {
    suite({
      testTransport: (options = {}) => {
        const transport = create(options);
        onTestFinished(() => transport.close());
        return transport;
      },
    });
  });
}

/** Gives every sink a little memory of its own, whose content is spoilt as soon as it was passed on. */
function withRoom(transport: Transport): Transport {
  return {
    get: (request, sink) => transport.get(request, roomy(sink)),
    get requestCount() {
      return transport.requestCount;
    },
    warm: (url, connections) => transport.warm?.(url, connections),
    close: () => transport.close(),
  };
}

function roomy(sink: BodySink): BodySink {
  const memory = Buffer.alloc(10_000);
  return {
    onHead: (head) => sink.onHead(head),
    room: () => memory,
    onData: (chunk) => {
      const copy = Buffer.from(chunk);
      if (chunk.buffer === memory.buffer) memory.fill(0);
      return sink.onData(copy);
    },
  };
}
