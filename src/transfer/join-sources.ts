import { toSluiceError } from '../base/index.js';
import type { Source } from '../hubs/index.js';
import type { Job } from './files/job.js';
import { isIdentified } from './files/identified.js';
import type { FileSource } from './request/file-source.js';
import { verdictOf } from './schedule/judge-failure.js';

/** Lets sources that become known later take part in a file. `sources` is the list that the job itself looks at. */
export function joinSources(
  job: Job,
  sources: FileSource[],
  made: (source: Source) => FileSource,
  wake: () => void,
): void {
  const { joining = [], digests } = job.task;
  if (!isIdentified(digests)) return;
  job.awaitedSources = joining.length;
  for (const group of joining) {
    void group
      .catch(() => [])
      .then((found) => {
        job.awaitedSources -= 1;
        for (const source of found)
          if (!sources.some((known) => known.source.id === source.id)) sources.push(made(source));
        // Everybody known may have refused meanwhile, in the hope of these.
        const error = verdictOf(job);
        if (error === undefined) wake();
        else job.fail(error);
      })
      .catch((thrown: unknown) => job.fail(toSluiceError(thrown)));
  }
}
