import { describe, onTestFinished } from 'vitest';

import type { Transport } from '../port.js';
import { createTransport, type TransportOptions } from '../transport.js';

export interface RoadUnderTest {
  /** A transport that is closed with its test. */
  readonly testTransport: (options?: TransportOptions) => Transport;
}

/** Every way to build the transport: what holds for one of them has to hold for all. */
const ROADS: Readonly<Record<string, TransportOptions>> = {
  'both roads': {},
  'undici alone': { fast: false },
};

/** Runs a suite of the `Transport` port for every road. */
export function onEveryRoad(suite: (road: RoadUnderTest) => void): void {
  describe.each(Object.entries(ROADS))('over %s', (_, fixed) => {
    suite({
      testTransport: (options = {}) => {
        const transport = createTransport({ ...options, ...fixed });
        onTestFinished(() => transport.close());
        return transport;
      },
    });
  });
}
