import { parentPort, workerData } from 'node:worker_threads';
import type { CodecModule } from '../wasm/codec.js';
import type { ToWorker } from './messages.js';
import { serveDecode } from './serve-decode.js';

const port = parentPort;
if (port !== null) {
  const serve = serveDecode(workerData as CodecModule, (message, transfer) => port.postMessage(message, [...transfer]));
  port.on('message', (message: ToWorker) => serve(message));
}
