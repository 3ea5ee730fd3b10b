import type { NamedPolicy, WholeRevision } from '../admission/index.js';
import { engineBudget, readMachine, SluiceError, type EventSink, type UpstreamTable } from '../base/index.js';
import {
  compilePattern,
  openDecoders,
  Registry,
  repositoryPath,
  type Caller,
  type Catalogue,
  type Content,
  type DecodePool,
  type ImageCatalogue,
  type ManifestFile,
  type SiteCatalogue,
  type Snapshot,
} from '../hubs/index.js';
import { createHostGate, createTransport, namedHosts, type HostBudget, type TransportOptions } from '../net/index.js';
import type { RevocationAnswers } from '../proof/index.js';
import { heldDigests, responderAnswers, type PullSettings } from '../pull/index.js';
import { openHands, type Store } from '../store/index.js';
import { resumableBytes } from '../transfer/index.js';
import { Access } from './access.js';
import { AdmissionGuard } from './admission-guard.js';
import { Descriptions } from './descriptions.js';
import { Fills, type Offer } from './fills.js';
import { HeldFiles } from './held-files.js';
import { Images } from './images.js';
import { LARGE_BYTES, MirrorTransfers } from './mirror-transfers.js';
import { PieceGuards } from './piece-guards.js';
import { PieceManifests } from './piece-manifests.js';
import { Questions } from './questions.js';
import { Retention } from './retention.js';
import { Scouts } from './scouts.js';
import { ShownPieces } from './shown-pieces.js';
import { SignedFiles } from './signed-files.js';
import { Sites } from './sites.js';
import { Snapshots } from './snapshots.js';
import { whileOnline } from './while-online.js';
import { Guards } from './upstreams/guards.js';
import { OtherPlaces } from './upstreams/other-places.js';
import type { UpstreamHealth } from './upstreams/upstream.js';
import { createUpstreams, UPSTREAM_PATIENCE } from './upstreams/upstreams.js';

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
  /** Most threads for what comes in; as many as the machine has for it unless told. */
  readonly threads?: number;
  /** Upstreams that tables name; what they say may change. None unless told. */
  readonly upstreams?: () => readonly UpstreamTable[];
  /** The policy that everything is asked about before it goes out; none unless told. */
  readonly admission?: () => NamedPolicy | undefined;
  /** Whether the gate was switched off, so that even what was refused in this store is shown. Not unless told. */
  readonly isAdmissionOff?: () => boolean;
}

export interface Mirror extends Catalogue {
  readonly images: ImageCatalogue;
  readonly sites: SiteCatalogue;
  /** SHA-256 of the pieces of what is here, and of what may be seen. */
  readonly pieces: Pick<ShownPieces, 'ofBlob' | 'ofRevision'>;
  /** How the upstreams are. */
  readonly upstreams: readonly UpstreamHealth[];
  /** What hosts said last of how often they may still be asked. */
  readonly budgets: readonly HostBudget[];
  /** Bytes of large files will be asked for at this URL: whatever brings them comes up, and its connections are opened. Never throws. */
  warm(url: string): void;
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
  const tables = options.upstreams ?? (() => []);
  const wire: TransportOptions = {
    proxy,
    httpProxy,
    noProxy,
    caFiles,
    // Tables may change; threads get what they say when they begin.
    get namedHosts() {
      const { hfEndpoints, msEndpoints } = settings;
      const upstreams = tables().map(({ url }) => url);
      return namedHosts([...hfEndpoints, ...msEndpoints, ...Object.values(registryEndpoints), ...upstreams]);
    },
  };
  const transport = whileOnline(createTransport(wire), () => settings.offline);
  const gate = createHostGate();
  const hands = openHands(store);
  const budget = engineBudget(readMachine(), settings.memoryBytes);

  const wires = { transport, gate, emit };
  let pool: Promise<DecodePool> | undefined;
  const decoders = (): Promise<DecodePool> => (pool ??= openDecoders(Math.max(1, budget.threads - 1)));
  const byXet = settings.hfXet === 'off' ? {} : { decoders };
  const now = (): number => Date.now();
  const upstreams = createUpstreams({
    settings,
    tables,
    wires: { ...wires, ...byXet },
    isTokenForAll,
    emit,
    now,
  });
  const others = new OtherPlaces({ store, upstreams, wires, emit, signal: stop.signal, now });

  const transfers = new MirrorTransfers({
    store,
    hands,
    transport,
    gate,
    emit,
    settings,
    mostConnections: budget.connections,
    bufferBytes: budget.bufferBytes,
    threads: Math.min(budget.threads, options.threads ?? Infinity),
  });

  const scouts = new Scouts({
    upstreams,
    transport,
    gate,
    warm: (url, sizeBytes) => transfers.warm(url, sizeBytes),
    stop: stop.signal,
    now,
  });
  const common = { store, upstreams, freshMs, stop: stop.signal, now: () => Date.now() };
  const snapshots = new Snapshots(common);
  const snapshot: Catalogue['snapshot'] = (ref, caller, signal) => snapshots.get(ref, caller, signal);
  const descriptions = new Descriptions({ ...common, snapshot });
  const questions = new Questions(common);
  const access = new Access({ ...common, wires: { ...wires, ...UPSTREAM_PATIENCE } });
  const tell = (message: string): void => emit({ type: 'notice', code: 'FILE_SYSTEM', message });
  const guards = new PieceGuards({ store, rotten: (sha256, atByte) => tell(rottenOnDisk(sha256, atByte)) });
  const held = new HeldFiles(
    store,
    options.smallFilesBytes ?? 0,
    (sha256) => tell(changedOnDisk(sha256)),
    undefined,
    guards,
  );
  const pieces = new PieceManifests(store, emit);
  const fills = new Fills({
    store,
    guards,
    emit: (event) => {
      pieces.tap(event);
      emit(event);
    },
    bring: (task, tap, signal) => transfers.add(task, { emit: tap, signal }),
    makeRoom: (bytes) => retention.makeRoom(bytes),
  });
  const admission = new AdmissionGuard({
    store,
    policy: options.admission ?? (() => undefined),
    isOff: options.isAdmissionOff,
    emit,
    stop: stop.signal,
    now,
  });
  let asked: Promise<RevocationAnswers> | undefined;
  const answers = (): Promise<RevocationAnswers> =>
    (asked ??= responderAnswers({ settings, emit, signal: stop.signal }, wires));
  const signedFiles = new SignedFiles({ store, contentOf, answers, stop: stop.signal, now });
  const breakers = { registry: new Guards('registry', emit, now), site: new Guards('site', emit, now) };
  const registries = new Map<string, Registry>();
  const registryOf = (name: string): Registry | undefined => {
    const endpoint = registryEndpoints[name];
    if (endpoint === undefined) return undefined;
    const registry = registries.get(name) ?? new Registry({ ...wires, ...PATIENCE, endpoint });
    registries.set(name, registry);
    return registry;
  };
  const images = new Images({
    store,
    held,
    fills,
    registryOf,
    admission,
    answers,
    guards: breakers.registry,
    stop: stop.signal,
    freshMs,
    used: (sha256, name) => retention.used(sha256, name),
    wasUsed: (sha256, name) => retention.wasUsed(sha256, name),
    now: () => Date.now(),
  });

  const sites = new Sites({
    store,
    held,
    fills,
    wires: { ...wires, ...PATIENCE },
    admission,
    answers,
    guards: breakers.site,
    stop: stop.signal,
    freshMs,
    used: (sha256, name) => retention.used(sha256, name),
    now: () => Date.now(),
  });

  const shownPieces = new ShownPieces({
    pieces,
    hasPolicy: () => options.admission?.() !== undefined,
    isRefused: (digests) => admission.isRefused(digests),
    heldAs: async ({ digests, sizeBytes }) => {
      const sha256 = digests.sha256 ?? (await store.lookup(digests, sizeBytes));
      return sha256 !== undefined && (await store.blobState(sha256)) === 'proven' ? sha256 : undefined;
    },
    give,
  });

  return {
    images,
    sites,
    pieces: shownPieces,
    get upstreams() {
      return [...upstreams.health, ...breakers.registry.health, ...breakers.site.health];
    },
    get budgets() {
      return gate.budgets();
    },
    expect: (ref, path, caller) => {
      if (!snapshots.isKnown(ref, caller)) scouts.send(ref, path, caller);
    },
    snapshot,
    describe: (ref, what, caller, signal) => descriptions.get(ref, what, caller, signal),
    ask: (origin, question, caller, signal) => questions.ask(origin, question, caller, signal),
    admit: (shown, caller) => access.admit(shown, caller),
    content: give,
    warm: (url) => transfers.warm(url, LARGE_BYTES),
    close: async () => {
      stop.abort();
      await snapshots.saved();
      await transfers.close();
      await sites.saved();
      await pieces.close();
      await hands.close();
      await (await pool)?.close();
      await transport.close();
    },
  };

  /** The content, for whoever may have it and if it may be seen. @throws SluiceError */
  async function give(shown: Snapshot, file: ManifestFile, caller: Caller): Promise<Content> {
    await access.admit(shown, caller);
    const content = await contentOf(shown, file, caller);
    const { ref, commit } = shown.pinned;
    const name = ref.origin === 'https' ? ref.url : `${ref.origin}:${repositoryPath(ref)}`;
    const { sha256, gitSha1 } = file.digests;
    const asked = { ref: name, commit, path: file.path, key: contentKey(file.digests), sha256, gitSha1 };
    const passed = await admission.pass(
      asked,
      content,
      () => wholeOf(shown, name, caller),
      (policy) => signedFiles.of(policy, { shown, ref: name, file, content, caller }),
    );
    shownPieces.given(passed.sha256 ?? sha256, shown, file);
    return passed;
  }

  /** What a policy may want to know of a commit; its files are read as the gate itself reads them, unasked. */
  function wholeOf({ pinned, files, ...shown }: Snapshot, name: string, caller: Caller): WholeRevision {
    return {
      ref: name,
      commit: pinned.commit,
      sizeBytes: files.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0),
      digests: files.map(({ digests }) => digests.sha256),
      signatures: [],
      facts: {
        paths: files.map(({ path }) => path),
        read: async (path, mostBytes) => {
          const file = files.find((each) => each.path === path);
          if (file === undefined) return undefined;
          const content = await contentOf({ pinned, files, ...shown }, file, caller);
          const { sizeBytes } = content;
          const chunks: Buffer[] = [];
          const span = { startByte: 0, endByte: Math.min(sizeBytes, mostBytes) };
          for await (const chunk of content.read(span, stop.signal)) chunks.push(chunk);
          return { bytes: Buffer.concat(chunks), sizeBytes };
        },
      },
    };
  }

  async function contentOf(shown: Snapshot, file: ManifestFile, caller: Caller): Promise<Content> {
    const { pinned } = shown;
    const { digests, sizeBytes } = file;
    const ref = pinned.ref;
    if (ref.origin === 'https' || sizeBytes === undefined) throw new SluiceError('INTERNAL', { reason: 'no size' });
    const name = `${ref.origin}:${repositoryPath(ref)}`;
    const used = (sha256: string): void => retention.used(sha256, name);
    const kept = await held.content(digests, sizeBytes, used);
    if (kept !== undefined) return { ...kept, wrongAtMs: fills.wrongAtMs(file, sizeBytes) };
    const offer = (): Offer => {
      const sources = upstreams.sources(pinned, file, caller, (source, origin) =>
        scouts.told(source, origin, pinned, file.path),
      );
      return { sources, joining: others.joining(shown, file, sources) };
    };
    const content = fills.content(file, sizeBytes, offer, used);
    if (content.status === 'MISS') await assertHope(shown, file, caller);
    return content;
  }

  /** Callers are told at once what no waiting would change: nobody can be asked for a file of which nothing is here. */
  async function assertHope(shown: Snapshot, file: ManifestFile, caller: Caller): Promise<void> {
    const why = settings.offline ? new SluiceError('OFFLINE') : upstreams.whyNobody(shown.pinned, caller);
    if (why === undefined || (await resumableBytes(store, file)) > 0) return;
    if (settings.offline || !(await others.hasAny(shown, file))) throw why;
  }
}

/** Names a content by the best digest that its listing has. */
function contentKey({ sha256, gitSha1 }: ManifestFile['digests']): string | undefined {
  return sha256 ?? (gitSha1 === undefined ? undefined : `git-${gitSha1}`);
}

function changedOnDisk(sha256: string): string {
  return `the blob ${sha256} has changed on the disk: it is hashed again, and fetched again where it is wrong`;
}

function rottenOnDisk(sha256: string, atByte: number): string {
  return `the blob ${sha256} is wrong on the disk from about byte ${atByte} on, though its file looks untouched: answers with it are cut, and it is fetched again where it is wrong`;
}

/** So much stays free unless told: a disk that is full to the last byte stops everybody on it. */
const MIN_FREE_BYTES = 1024 * 1024 * 1024;
/** Callers wait at most ten seconds for a first byte; they are better served with an error that lets them come again. */
const PATIENCE = { ...UPSTREAM_PATIENCE, patienceMs: 8000 };
