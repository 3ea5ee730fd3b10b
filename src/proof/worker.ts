import { parentPort } from 'node:worker_threads';
import type { ToWorker } from './follower-messages.js';
import { serveJobs } from './serve-jobs.js';

const port = parentPort;
if (port !== null) {
  const serve = serveJobs((message) => port.postMessage(message));
  port.on('message', (message: ToWorker) => serve(message));
}
