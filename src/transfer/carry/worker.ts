import { parentPort } from 'node:worker_threads';
import { createTransport } from '../../net/index.js';
import { Slabs } from '../../proof/index.js';
import { SharedBucket } from '../budget/shared-bucket.js';
import type { CarrierSetup, ToCarrier } from './messages.js';
import { serveOrders } from './serve-orders.js';

const port = parentPort;
if (port !== null) {
  // It may be up before it is known what for.
  port.once('message', (setup: CarrierSetup) => {
    const means = {
      transport: createTransport(setup.transport),
      limiter: new SharedBucket(setup.limit),
      slabs: new Slabs(setup.slabs),
    };
    const serve = serveOrders(means, (message) => port.postMessage(message));
    port.on('message', (message: ToCarrier) => serve(message));
  });
}
