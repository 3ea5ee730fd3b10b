import { parentPort } from 'node:worker_threads';
import { doJob, type Job } from './jobs.js';

const port = parentPort;
port?.on('message', ({ id, job }: { id: number; job: Job }) => {
  const done = doJob(job);
  const shared = 'records' in done ? [done.records.buffer as ArrayBuffer] : [];
  port.postMessage({ id, done }, shared);
});
