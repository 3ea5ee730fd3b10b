import { parentPort } from 'node:worker_threads';
import { createTransport } from '../../net/index.js';
import { Slabs } from '../../proof/index.js';
import { SharedBucket } from '../budget/shared-bucket.js';
import { Gather } from './gather.js';
import type { CarrierSetup, FromCarrier, ToCarrier } from './messages.js';
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
    const out = new Gather<FromCarrier>((messages) => port.postMessage(messages));
    const serve = serveOrders(means, (message, mayWait) => out.send(message, mayWait));
    port.on('message', (message: ToCarrier) => serve(message));
    // Nothing to tell but that it is up.
    port.postMessage([]);
  });
}
