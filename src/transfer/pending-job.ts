import type { Source } from '../hubs/index.js';
import type { Environment } from './environment.js';
import type { Job } from './files/job.js';
import { PieceFile } from './files/piece-file.js';
import { SmallFile, type Begun } from './files/small-file.js';
import { StreamFile } from './files/stream-file.js';
import type { Turns } from './files/turns.js';
import { UnsizedFile } from './files/unsized-file.js';
import { joinSources } from './join-sources.js';
import { SMALL_FILE_BYTES } from './limits.js';
import type { TransferTask } from './port.js';
import type { FileSource } from './request/file-source.js';
import type { Pending } from './schedule/engine.js';

/** Makes a source one of a file. */
export type SourceMaker = (source: Source) => FileSource;

/** A file that waits to be begun, as the job that it takes. */
export function pendingJob(
  environment: Environment,
  task: TransferTask,
  made: SourceMaker,
  turns: Turns,
  begun: Begun | undefined,
): Omit<Pending, 'onResult'> {
  return {
    sizeBytes: task.sizeBytes,
    // What may be small is begun among the small ones.
    isLarge: task.sizeBytes === undefined ? !isProvable(task) : task.sizeBytes > SMALL_FILE_BYTES,
    open: (): Job => {
      const sources = usableSources(task).map(made);
      const job = makeJob(environment, task, sources, turns, begun);
      joinSources(job, sources, made, environment.wake);
      return job;
    },
  };
}

function makeJob(
  environment: Environment,
  task: TransferTask,
  sources: readonly FileSource[],
  turns: Turns,
  begun: Begun | undefined,
): Job {
  if (task.sizeBytes === undefined)
    return isProvable(task)
      ? new UnsizedFile(environment, task, sources, turns)
      : new StreamFile(environment, task, sources);
  if (task.sizeBytes <= SMALL_FILE_BYTES) return new SmallFile(environment, task, task.sizeBytes, sources, begun);
  if (isNameless(task)) return new StreamFile(environment, task, sources);
  return new PieceFile(environment, task, task.sizeBytes, sources);
}

/** Nothing would tell whether two answers are of one version of the file: only what comes in one answer belongs together. */
function isNameless(task: TransferTask): boolean {
  const { validators } = task;
  return !isProvable(task) && validators?.etag === undefined && validators?.lastModified === undefined;
}

/** Without any digest nothing says that two sources have the same content: the first one alone is asked. */
function usableSources(task: TransferTask): TransferTask['sources'] {
  return isProvable(task) ? task.sources : task.sources.slice(0, 1);
}

function isProvable({ digests }: TransferTask): boolean {
  return Object.values(digests).some((value) => value !== undefined);
}
