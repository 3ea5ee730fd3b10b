import { parentPort } from 'node:worker_threads';
import { createHostGate, createTransport } from '../../net/index.js';
import { openBlobMaker } from '../../store/index.js';
import { SharedBucket } from '../budget/shared-bucket.js';
import { SmallBuffers } from '../files/small-buffers.js';
import { BUFFERS_PER_COURIER } from './limits.js';
import type { CourierSetup, ToCourier } from './messages.js';
import { serveBatches } from './serve-batches.js';

const port = parentPort;
if (port !== null) {
  // It may be up before it is known what for.
  port.once('message', (setup: CourierSetup) => {
    const means = {
      transport: createTransport(setup.transport),
      limiter: new SharedBucket(setup.limit),
      maker: openBlobMaker(setup.store, { ownsThread: true }),
      buffers: new SmallBuffers(BUFFERS_PER_COURIER, false),
      gate: createHostGate(),
    };
    const serve = serveBatches(means, (messages) => port.postMessage(messages));
    port.on('message', (message: ToCourier) => serve(message));
  });
}
