import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { SluiceEvent } from '../../base/index.js';
import { createHostGate, createTransport, type Transport } from '../../net/index.js';
import { sha256Of, startSim, type Content, type Sim, type SimOptions } from '../../sim/index.js';
import { openStore, type Store } from '../../store/index.js';
import { transfer, type TransferOptions, type TransferResult, type TransferTask } from '../index.js';
import { sourceOf } from './source-of.js';

export const MIB = 1024 * 1024;

export type Files = Readonly<Record<string, Content>>;

/** A store, a transport and whatever simulators are asked for; all of it is gone when the test is. */
export interface Rig {
  readonly store: Store;
  readonly transport: Transport;
  readonly events: SluiceEvent[];
  sim(files: Files, options?: SimOptions): Promise<Sim>;
  run(tasks: readonly TransferTask[], options?: Partial<TransferOptions>): Promise<readonly TransferResult[]>;
  /** One task, its result. */
  pull(task: TransferTask, options?: Partial<TransferOptions>): Promise<TransferResult>;
  eventsOf<Type extends SluiceEvent['type']>(type: Type): Extract<SluiceEvent, { type: Type }>[];
  /** Every name under `blobs` holds bytes with that SHA-256. Returns the names. */
  assertBlobsRight(): Promise<string[]>;
}

export async function makeRig(): Promise<Rig> {
  const root = await mkdtemp(join(tmpdir(), 'sluice-transfer-'));
  const store = await openStore(join(root, 'home'));
  const transport = createTransport({ headTimeoutMs: 1500, idleMs: 1500, connectTimeoutMs: 1500 });
  const events: SluiceEvent[] = [];
  const sims: Sim[] = [];
  onTestFinished(async () => {
    await transport.close();
    await Promise.all(sims.map((sim) => sim.stop()));
    await rm(root, { recursive: true, force: true });
  });
  const run: Rig['run'] = (tasks, options = {}) =>
    transfer(tasks, {
      store,
      transport,
      gate: createHostGate(),
      emit: (event) => events.push(event),
      signal: new AbortController().signal,
      connections: 8,
      noProgressMs: 5000,
      ...options,
    });
  return {
    store,
    transport,
    events,
    sim: async (files, options = {}) => {
      const sim = await startSim({
        repositories: [{ id: 'acme/model', files }],
        folders: { files },
        users: { hf_test: 'test' },
        ...options,
      });
      sims.push(sim);
      return sim;
    },
    run,
    pull: async (task, options) => {
      const [result] = await run([task], options);
      if (result === undefined) throw new Error('no result');
      return result;
    },
    eventsOf: <Type extends SluiceEvent['type']>(type: Type) =>
      events.filter((event): event is Extract<SluiceEvent, { type: Type }> => event.type === type),
    assertBlobsRight: async () => {
      const names: string[] = [];
      for (const entry of await readdir(join(store.root, 'blobs'), { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/^[0-9a-f]{64}$/.test(entry.name)) continue;
        const actual = createHash('sha256')
          .update(readFileSync(join(entry.parentPath, entry.name)))
          .digest('hex');
        if (actual !== entry.name) throw new Error(`${entry.name} holds ${actual}`);
        names.push(entry.name);
      }
      return names;
    },
  };
}

/** The task of bringing `path`, of this content, from these simulators. */
export function taskOf(path: string, content: Content, sims: readonly Sim[], ids?: readonly string[]): TransferTask {
  return {
    path,
    sizeBytes: content.sizeBytes,
    digests: { sha256: sha256Of(content) },
    sources: sims.map((sim, index) => sourceOf(sim, path, ids?.[index] === undefined ? {} : { id: ids[index] })),
  };
}

export { seededContent, sha256Of, wholeContent } from '../../sim/index.js';
