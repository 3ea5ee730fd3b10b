import { SluiceError } from '../../base/index.js';
import { blobMakerAt } from '../blobs/blob-maker.js';
import type { StopSign } from '../files/hash-file.js';
import type { Layout } from '../layout.js';
import type { Store } from '../port.js';
import { landView } from '../views/land-view.js';
import type { Looked } from '../blobs/look.js';
import { plainError, type Answer, type Job } from './messages.js';

/** What a hand does, as a function of jobs, so that it runs in a thread or, for want of one, in place. Answers come in any order. */
export function serveJobs(layout: Layout, store: Store, answer: (answer: Answer) => void): (job: Job) => void {
  const maker = blobMakerAt(layout);
  const serve = async (job: Job): Promise<Answer | undefined> => {
    const { id } = job;
    switch (job.type) {
      case 'put': {
        const verdict = maker.prove(job.bytes, job.promised);
        answer({ type: 'verdict', id, verdict });
        if (verdict.mismatch !== undefined) return undefined;
        await maker.put(job.bytes, verdict);
        return { type: 'stored', id };
      }
      case 'sync': {
        await maker.sync();
        return { type: 'synced', id };
      }
      case 'look': {
        const looked: Looked[] = [];
        for (const wanted of job.wanted) looked.push(await maker.look(wanted));
        return { type: 'looked', id, looked };
      }
      case 'land': {
        const options = { ...job.options, signal: stopSign(job.stop) };
        const { path, methods } = await landView(job.kind, job.root, job.request, store, options);
        return { type: 'landed', id, landed: { path, methods } };
      }
    }
  };
  return (job) => {
    serve(job).then(
      (said) => {
        if (said !== undefined) answer(said);
      },
      (thrown: unknown) => answer({ type: 'failed', id: job.id, error: plainError(thrown) }),
    );
  };
}

/** A flag in memory that two threads share: the one that works in place reads no messages meanwhile. */
function stopSign(memory: SharedArrayBuffer): StopSign {
  const flag = new Int32Array(memory);
  return {
    get aborted() {
      return Atomics.load(flag, 0) !== 0;
    },
  };
}

/** For jobs whose thread is gone. */
export function gone(id: number, reason: string): Answer {
  return { type: 'failed', id, error: plainError(new SluiceError('INTERNAL', { reason })) };
}
