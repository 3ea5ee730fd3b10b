import { engineBudget, readMachine, SluiceError, type EventSink } from '../base/index.js';
import type { Caller, Catalogue, Content, ManifestFile, Origin, RepositoryRef, Snapshot } from '../hubs/index.js';
import { createHostGate, createTransport } from '../net/index.js';
import { hubOrigin, type PullSettings } from '../pull/index.js';
import { openHands, type Store } from '../store/index.js';
import { transfer, type TransferResult, type TransferTask } from '../transfer/index.js';
import { Fills } from './fills.js';
import { readFile } from './read-file.js';
import { Snapshots } from './snapshots.js';

export interface MirrorOptions {
  readonly store: Store;
  readonly settings: PullSettings;
  readonly emit: EventSink;
  /** How long what a branch means is believed; two minutes unless told. */
  readonly freshMs?: number;
}

export interface Mirror extends Catalogue {
  /** Ends what is under way; what has arrived is kept. */
  close(): Promise<void>;
}

/** The catalogue of everything that the configured hubs have, kept in the store as it is asked for. */
export function createMirror({ store, settings, emit, freshMs = 120_000 }: MirrorOptions): Mirror {
  const stop = new AbortController();
  const { proxy, httpProxy = false, noProxy, caFiles } = settings;
  const transport = createTransport({ proxy, httpProxy, noProxy, caFiles });
  const gate = createHostGate();
  const hands = openHands(store);
  const budget = engineBudget(readMachine(), settings.memoryBytes);
  const underway = new Set<Promise<unknown>>();

  const originsFor = ({ origin }: RepositoryRef, { token }: Caller): readonly Origin[] => {
    const endpoints = origin === 'hf' ? settings.hfEndpoints : settings.msEndpoints;
    const own =
      token === undefined ? settings : { ...settings, hfToken: token, msToken: token, hfTokenEndpoints: endpoints };
    return endpoints.map((endpoint) =>
      hubOrigin(origin, endpoint, own, { transport, gate, emit, patienceMs: PATIENCE_MS, decoders: undefined }),
    );
  };

  const bring = (task: TransferTask, tap: EventSink): Promise<TransferResult> => {
    const work = transfer([task], {
      store,
      hands,
      transport,
      gate,
      emit: tap,
      signal: stop.signal,
      connections: settings.connections,
      mostConnections: budget.connections,
      bufferBytes: budget.bufferBytes,
      threads: budget.threads,
      ...(settings.limit === undefined ? {} : { limit: settings.limit }),
      noProgressMs: settings.noProgressMs,
    }).then(([result]) => {
      if (result === undefined) throw new SluiceError('INTERNAL', { reason: 'a transfer without a result' });
      return result;
    });
    const over = work.catch(() => undefined).finally(() => underway.delete(over));
    underway.add(over);
    return work;
  };

  const snapshots = new Snapshots({ store, originsFor, freshMs, now: () => Date.now() });
  const fills = new Fills({ store, emit, bring });

  return {
    snapshot: (ref, caller, signal) => snapshots.get(ref, caller, signal),
    describe: () => Promise.reject(new SluiceError('FILE_NOT_FOUND', { host: 'this mirror', path: 'description' })),
    content: (snapshot, file, caller) => contentOf(snapshot, file, caller),
    close: async () => {
      stop.abort();
      await Promise.all(underway);
      await hands.close();
      await transport.close();
    },
  };

  async function contentOf({ pinned }: Snapshot, file: ManifestFile, caller: Caller): Promise<Content> {
    const { digests, sizeBytes } = file;
    const ref = pinned.ref;
    if (ref.origin === 'https' || sizeBytes === undefined) throw new SluiceError('INTERNAL', { reason: 'no size' });
    const sha256 = await store.lookup(digests, sizeBytes);
    if (sha256 !== undefined && (await store.blobState(sha256)) === 'proven') {
      const path = store.blobPath(sha256);
      return { sizeBytes, status: 'HIT', path, read: (span, signal) => readFile(path, span, signal) };
    }
    return fills.content(file, sizeBytes, () => originsFor(ref, caller).map((origin) => origin.source(pinned, file)));
  }
}

/** Callers wait at most ten seconds for a first byte; they are better served with an error that lets them come again. */
const PATIENCE_MS = 8000;
