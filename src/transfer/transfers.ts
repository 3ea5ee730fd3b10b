import { SluiceError, toSluiceError } from '../base/index.js';
import { closeEnvironment, createEnvironment, openLimit } from './create-environment.js';
import { Turns } from './files/turns.js';
import { KnownSources } from './known-sources.js';
import { SMALL_FILE_BYTES } from './limits.js';
import { pendingJob } from './pending-job.js';
import type { AddOptions, TransferOptions, TransferResult, Transfers, TransferTask } from './port.js';
import { Engine } from './schedule/engine.js';

/** What a transfer that goes on is not told: files are landed by whoever added them, and nothing is looked for elsewhere. */
export type TransfersOptions = Omit<TransferOptions, 'signal' | 'onProven' | 'foreignPartials' | 'lookedAtMs'>;

/** Begins a transfer to which files are added as they are wanted. */
export async function openTransfers(options: TransfersOptions): Promise<Transfers> {
  const stop = new AbortController();
  const own: TransferOptions = { ...options, signal: stop.signal };
  const limit = await openLimit(own);
  const environment = createEnvironment(own, limit, { isHashed: true, isService: true }, () => engine.pump());
  const known = new KnownSources(options, environment.now);
  const engine = new Engine(environment, { ...options, isService: true }, known.states, []);
  const turns = new Turns(Infinity);
  const underway = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  /** Small files are durable before they are told of, many by one sync. */
  let syncing: Promise<void> | undefined;
  const sync = async (): Promise<void> => {
    await syncing?.catch(() => undefined);
    syncing ??= environment.hands.sync().finally(() => (syncing = undefined));
    await syncing;
  };

  const bring = async (task: TransferTask, { emit, signal }: AddOptions): Promise<TransferResult> => {
    const leaves: (() => void)[] = [];
    const made = (source: TransferTask['sources'][number]): ReturnType<KnownSources['enter']>['from'] => {
      const { from, leave } = known.enter(source);
      leaves.push(leave);
      return from;
    };
    const ofFile = { ...environment, emit };
    if ((task.sizeBytes ?? Infinity) > SMALL_FILE_BYTES) environment.carriers.warm();
    const pending = pendingJob(ofFile, task, made, turns, undefined);
    const interrupted = (): void => given?.cancel(new SluiceError('INTERRUPTED'));
    let given: ReturnType<Engine['begin']> | undefined;
    try {
      const result = await new Promise<TransferResult>((resolve) => {
        given = engine.begin({ ...pending, onResult: resolve });
        signal?.addEventListener('abort', interrupted, { once: true });
        if (signal?.aborted === true) interrupted();
      });
      if (result.error === undefined && (result.sizeBytes ?? 0) <= SMALL_FILE_BYTES) await sync();
      return result;
    } catch (thrown) {
      return { task, checks: [], fetchedBytes: 0, pieces: [], error: toSluiceError(thrown) };
    } finally {
      signal?.removeEventListener('abort', interrupted);
      for (const leave of leaves) leave();
    }
  };

  const close = async (): Promise<void> => {
    stop.abort();
    await engine.stop(new SluiceError('INTERRUPTED'));
    await Promise.all(underway);
    await closeEnvironment(environment, own, limit, false);
  };

  return {
    add: (task, added) => {
      if (closing !== undefined) {
        const error = new SluiceError('INTERRUPTED');
        return Promise.resolve({ task, checks: [], fetchedBytes: 0, pieces: [], error });
      }
      const work = bring(task, added);
      underway.add(work);
      void work.finally(() => underway.delete(work));
      return work;
    },
    warm: (url, sizeBytes) => {
      if (closing !== undefined || sizeBytes <= SMALL_FILE_BYTES) return;
      environment.carriers.warm();
      environment.warm?.(url, sizeBytes);
    },
    close: () => (closing ??= close()),
  };
}
