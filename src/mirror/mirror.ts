import { engineBudget, readMachine, SluiceError, type EventSink } from '../base/index.js';
import {
  Registry,
  type Caller,
  type Catalogue,
  type Content,
  type ImageCatalogue,
  type ManifestFile,
  type Origin,
  type RepositoryRef,
  type Snapshot,
} from '../hubs/index.js';
import { createHostGate, createTransport } from '../net/index.js';
import { hubOrigin, type PullSettings } from '../pull/index.js';
import { openHands, type Store } from '../store/index.js';
import { transfer, type TransferResult, type TransferTask } from '../transfer/index.js';
import { Fills } from './fills.js';
import { heldContent } from './held-content.js';
import { Images } from './images.js';
import { Snapshots } from './snapshots.js';

export interface MirrorOptions {
  readonly store: Store;
  readonly settings: PullSettings;
  readonly emit: EventSink;
  /** Base URLs of registries by the names that clients know them by; only these are asked. */
  readonly registryEndpoints: Readonly<Record<string, string>>;
  /** How long what a branch or a tag means is believed; two minutes unless told. */
  readonly freshMs?: number;
}

export interface Mirror extends Catalogue {
  readonly images: ImageCatalogue;
  /** Ends what is under way; what has arrived is kept. */
  close(): Promise<void>;
}

/** The catalogue of everything that the configured hubs have, kept in the store as it is asked for. */
export function createMirror({ store, settings, emit, registryEndpoints, freshMs = 120_000 }: MirrorOptions): Mirror {
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
  const registries = new Map<string, Registry>();
  const registryOf = (name: string): Registry | undefined => {
    const endpoint = registryEndpoints[name];
    if (endpoint === undefined) return undefined;
    const registry = registries.get(name) ?? new Registry({ transport, gate, emit, patienceMs: PATIENCE_MS, endpoint });
    registries.set(name, registry);
    return registry;
  };
  const images = new Images({ store, fills, registryOf, freshMs, now: () => Date.now() });

  return {
    images,
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
    const held = await heldContent(store, digests, sizeBytes);
    if (held !== undefined) return held;
    return fills.content(file, sizeBytes, () => originsFor(ref, caller).map((origin) => origin.source(pinned, file)));
  }
}

/** Callers wait at most ten seconds for a first byte; they are better served with an error that lets them come again. */
const PATIENCE_MS = 8000;
