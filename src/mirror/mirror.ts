import { engineBudget, readMachine, SluiceError, type EventSink } from '../base/index.js';
import {
  compilePattern,
  Registry,
  repositoryPath,
  type Caller,
  type Catalogue,
  type Content,
  type ImageCatalogue,
  type ManifestFile,
  type SiteCatalogue,
  type Snapshot,
  type Source,
} from '../hubs/index.js';
import { createHostGate, createTransport } from '../net/index.js';
import { heldDigests, type PullSettings } from '../pull/index.js';
import { openHands, type Store } from '../store/index.js';
import { transfer, type TransferResult, type TransferTask } from '../transfer/index.js';
import { Access } from './access.js';
import { Descriptions } from './descriptions.js';
import { Fills } from './fills.js';
import { HeldFiles } from './held-files.js';
import { Images } from './images.js';
import { Questions } from './questions.js';
import { Retention } from './retention.js';
import { Sites } from './sites.js';
import { Snapshots } from './snapshots.js';
import { createUpstreams, UPSTREAM_PATIENCE } from './upstreams.js';

export interface MirrorOptions {
  readonly store: Store;
  readonly settings: PullSettings;
  readonly emit: EventSink;
  /** Base URLs of registries by the names that clients know them by; only these are asked. */
  readonly registryEndpoints: Readonly<Record<string, string>>;
  /** Most that the mirror keeps; as much as the disk has unless told. */
  readonly maxBytes?: number;
  /** So much of the disk stays free. */
  readonly minFreeBytes?: number;
  /** Patterns (as `--include` takes them) of refs without revision, e.g. `hf:acme/*`, whose files are not removed to make room. */
  readonly pins?: readonly string[];
  /** How long what a branch or a tag means is believed; two minutes unless told. */
  readonly freshMs?: number;
  /** Whether the token of the settings stands for every caller. Not unless told: it opens nothing but what is public. */
  readonly isTokenForAll?: () => boolean;
  /** Memory for small files that are here; none unless told. */
  readonly smallFilesBytes?: number;
}

export interface Mirror extends Catalogue {
  readonly images: ImageCatalogue;
  readonly sites: SiteCatalogue;
  /** Ends what is under way; what has arrived is kept. */
  close(): Promise<void>;
}

/** The catalogue of everything that the configured hubs have, kept in the store as it is asked for. */
export function createMirror(options: MirrorOptions): Mirror {
  const { store, settings, emit, registryEndpoints, freshMs = 120_000, isTokenForAll = () => false } = options;
  const pins = (options.pins ?? []).map(compilePattern);
  const retention = new Retention({
    store,
    maxBytes: options.maxBytes,
    minFreeBytes: options.minFreeBytes ?? MIN_FREE_BYTES,
    isPinned: (name) => pins.some((matches) => matches(name)),
    heldDigests: () => heldDigests(store),
    emit,
    now: () => Date.now(),
  });
  const stop = new AbortController();
  const { proxy, httpProxy = false, noProxy, caFiles } = settings;
  const transport = createTransport({ proxy, httpProxy, noProxy, caFiles });
  const gate = createHostGate();
  const hands = openHands(store);
  const budget = engineBudget(readMachine(), settings.memoryBytes);
  const underway = new Set<Promise<unknown>>();

  const wires = { transport, gate, emit };
  const upstreams = createUpstreams(settings, wires, isTokenForAll);

  const bring = (task: TransferTask, tap: EventSink): Promise<TransferResult> => {
    const work = bringOne(task, tap);
    const over = work.catch(() => undefined).finally(() => underway.delete(over));
    underway.add(over);
    return work;
  };
  const bringOne = async (task: TransferTask, tap: EventSink): Promise<TransferResult> => {
    if (!(await retention.makeRoom(task.sizeBytes ?? 0)))
      throw new SluiceError('DISK_FULL', { path: store.root, reason: 'the mirror may not take more' });
    const [result] = await transfer([task], {
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
    });
    if (result === undefined) throw new SluiceError('INTERNAL', { reason: 'a transfer without a result' });
    return result;
  };

  const common = { store, upstreams, freshMs, stop: stop.signal, now: () => Date.now() };
  const snapshots = new Snapshots(common);
  const snapshot: Catalogue['snapshot'] = (ref, caller, signal) => snapshots.get(ref, caller, signal);
  const descriptions = new Descriptions({ ...common, snapshot });
  const questions = new Questions(common);
  const access = new Access({ ...common, wires: { ...wires, ...UPSTREAM_PATIENCE } });
  const held = new HeldFiles(store, options.smallFilesBytes ?? 0, (sha256) =>
    emit({ type: 'notice', code: 'FILE_SYSTEM', message: changedOnDisk(sha256) }),
  );
  const fills = new Fills({ store, emit, bring });
  const registries = new Map<string, Registry>();
  const registryOf = (name: string): Registry | undefined => {
    const endpoint = registryEndpoints[name];
    if (endpoint === undefined) return undefined;
    const registry = registries.get(name) ?? new Registry({ transport, gate, emit, patienceMs: PATIENCE_MS, endpoint });
    registries.set(name, registry);
    return registry;
  };
  const images = new Images({
    store,
    held,
    fills,
    registryOf,
    freshMs,
    used: (sha256, name) => retention.used(sha256, name),
    now: () => Date.now(),
  });

  const sites = new Sites({
    store,
    held,
    fills,
    wires: { transport, gate, emit, patienceMs: PATIENCE_MS },
    freshMs,
    used: (sha256, name) => retention.used(sha256, name),
    now: () => Date.now(),
  });

  return {
    images,
    sites,
    snapshot,
    describe: (ref, what, caller, signal) => descriptions.get(ref, what, caller, signal),
    ask: (origin, question, caller, signal) => questions.ask(origin, question, caller, signal),
    admit: (shown, caller) => access.admit(shown, caller),
    content: async (shown, file, caller) => {
      await access.admit(shown, caller);
      return contentOf(shown, file, caller);
    },
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
    const name = `${ref.origin}:${repositoryPath(ref)}`;
    const used = (sha256: string): void => retention.used(sha256, name);
    const kept = await held.content(digests, sizeBytes, used);
    if (kept !== undefined) return { ...kept, wrongAtMs: fills.wrongAtMs(file, sizeBytes) };
    const sources = (): readonly Source[] => {
      const mayShare = pinned.isPublic === true || upstreams.isTokenForAll;
      const origins = [...(mayShare ? upstreams.shared(ref.origin) : []), ...upstreams.own(ref.origin, caller)];
      return origins.map((origin) => origin.source(pinned, file));
    };
    return fills.content(file, sizeBytes, sources, used);
  }
}

function changedOnDisk(sha256: string): string {
  return `the blob ${sha256} has changed on the disk: it is hashed again, and fetched again where it is wrong`;
}

/** So much stays free unless told: a disk that is full to the last byte stops everybody on it. */
const MIN_FREE_BYTES = 1024 * 1024 * 1024;
/** Callers wait at most ten seconds for a first byte; they are better served with an error that lets them come again. */
const PATIENCE_MS = 8000;
