import { parentPort, workerData } from 'node:worker_threads';
import type { ModuleJob } from './messages.js';
import { serveModule } from './serve-module.js';

const port = parentPort;
if (port !== null) void serveModule(workerData as ModuleJob, (message) => port.postMessage(message));
