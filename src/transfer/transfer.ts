import { SluiceError } from '../base/index.js';
import { chooseItems } from './batch/choose-items.js';
import { pendingBatch } from './batch/pending-batch.js';
import { closeEnvironment, createEnvironment, openLimit } from './create-environment.js';
import { findShortage } from './disk-room.js';
import type { Begun } from './files/small-file.js';
import { Turns } from './files/turns.js';
import { newSourceState } from './known-sources.js';
import { Landings } from './landings.js';
import { LARGE_FILES_IN_FLIGHT, SMALL_FILE_BYTES } from './limits.js';
import { pendingJob, type SourceMaker } from './pending-job.js';
import type { Transfer, TransferOptions, TransferResult, TransferTask } from './port.js';
import { createFileSource } from './request/file-source.js';
import { sameContent, type ContentGroup } from './same-content.js';
import { Engine, type Pending } from './schedule/engine.js';
import type { SourceState } from './schedule/source-state.js';

/**
 * Moves and proves files. What several tasks share is fetched once; results stand in the order of the tasks. A file's failure is in its result.
 * @throws SluiceError INTERRUPTED when the signal fired; everything that arrived is kept
 */
export const transfer: Transfer = async (tasks, options) => {
  const groups = sameContent(tasks);
  let engine: Engine | undefined;
  const limit = await openLimit(options);
  const isHashed = tasks.some(
    ({ pieces, sizeBytes = Infinity }) => pieces === undefined && sizeBytes > SMALL_FILE_BYTES,
  );
  const environment = createEnvironment(options, limit, { isHashed, isService: false }, () => engine?.pump());
  const states = new Map<string, SourceState>();
  try {
    const firsts = groups.map(([first]) => first);
    const shortage = await findShortage(options.store, firsts, options.signal);
    if (shortage !== undefined) return tasks.map((task) => refused(task, shortage, options));
    if (firsts.some(({ sizeBytes = 0 }) => sizeBytes > SMALL_FILE_BYTES)) environment.carriers.warm();
    const turns = new Turns(LARGE_FILES_IN_FLIGHT);
    const landings = new Landings(options);
    const made = sourceMaker(states, options);
    const alone = (group: ContentGroup, begun?: Begun): Pending => ({
      ...pendingJob(environment, group[0], made, turns, begun),
      onResult: (result) => landings.begin(group, result),
    });
    const { items, others } = chooseItems(groups);
    const pending = others.map((group) => alone(group));
    const [firstItem, ...moreItems] = items;
    if (firstItem !== undefined)
      pending.push(
        pendingBatch(environment, [firstItem, ...moreItems], {
          made,
          onResult: ({ group }, result) => {
            landings.begin(group, result);
            engine?.finished(result);
          },
          onAlone: ({ group, begun }) => engine?.add(alone(group, begun)),
        }),
      );
    engine = new Engine(environment, options, states, pending);
    try {
      await engine.run();
    } finally {
      await Promise.all([environment.hands.sync(), environment.couriers.sync()]);
    }
    const results = await landings.results();
    if (options.signal.aborted) throw new SluiceError('INTERRUPTED');
    return tasks.map((task) => results.get(task) ?? refused(task, new SluiceError('INTERNAL'), options));
  } finally {
    await closeEnvironment(environment, options, limit, true);
  }
};

function refused(task: TransferTask, error: SluiceError, { emit }: TransferOptions): TransferResult {
  emit({ type: 'file.failed', file: task.path, code: error.code, message: error.message });
  return { task, checks: [], fetchedBytes: 0, pieces: [], error };
}

/** What is known of a source is shared by all files. */
function sourceMaker(states: Map<string, SourceState>, options: TransferOptions): SourceMaker {
  return (source) => {
    const state = states.get(source.id) ?? newSourceState(source.id, options);
    states.set(source.id, state);
    return createFileSource(source, state);
  };
}
