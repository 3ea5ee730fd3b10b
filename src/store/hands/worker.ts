import { parentPort, workerData } from 'node:worker_threads';
import { workInPlace } from '../files/calls.js';
import { layoutOf } from '../layout.js';
import { storeAt } from '../open-store.js';
import type { Answer, Parcel } from './messages.js';
import { Unpacker } from './parcels.js';
import { serveJobs } from './serve-jobs.js';

const port = parentPort;
if (port !== null && typeof workerData === 'string') {
  workInPlace();
  const layout = layoutOf(workerData);
  let answers: Answer[] = [];
  const flush = (): void => {
    if (answers.length > 0) port.postMessage(answers);
    answers = [];
  };
  const serve = serveJobs(layout, storeAt(layout), (answer) => {
    if (answers.push(answer) === 1) setImmediate(flush);
  });
  const unpacker = new Unpacker();
  port.on('message', (parcel: Parcel) => {
    for (const job of unpacker.unpack(parcel)) serve(job);
  });
}
