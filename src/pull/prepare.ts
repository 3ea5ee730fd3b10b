import { SluiceError, type PlanSummary } from '../base/index.js';
import { formatRef, parseRef, type Manifest, type Origin, type Pinned, type Ref, type Source } from '../hubs/index.js';
import { chunkListsIn, openStore, type Store } from '../store/index.js';
import { Elsewhere } from './elsewhere/elsewhere.js';
import { placesFor } from './elsewhere/places.js';
import { originsFor } from './origins.js';
import { isCommit } from './manifests.js';
import { resolveRef } from './pin.js';
import { planTransfer } from './plan.js';
import type { PullContext, PullRequest } from './port.js';
import { resolveOrElse } from './other-hub.js';
import { selectFiles } from './select.js';
import { surveyFiles, type SurveyedFile } from './survey.js';
import { chooseTarget, type Target } from './targets.js';
import { fetchPublishedPieces, piecesFrom, readGivenPieces, readTrustKeys, type PiecesOf } from './trusted-pieces.js';
import { mostOf, warmHub, warmOrigins } from './warm.js';
import type { OpenWires } from './wires.js';

/** Everything a pull knows before the first byte of a weight moves. */
export interface Prepared {
  readonly ref: Ref;
  readonly store: Store;
  readonly origins: readonly Origin[];
  readonly manifest: Manifest;
  /** Settles when the store has the listing; the end of the pull waits for it. */
  readonly kept: Promise<void>;
  readonly endpoint: string;
  readonly surveyed: readonly SurveyedFile[];
  /** When the survey began, by `performance.now()`. */
  readonly lookedAtMs: number;
  readonly target: Target;
  readonly elsewhere: Elsewhere;
  readonly plan: PlanSummary;
  readonly piecesOf: PiecesOf | undefined;
  /** What opens sealed files. */
  readonly keys: NonNullable<PullRequest['keys']>;
}

type Resolved = Omit<Prepared, 'plan' | 'surveyed' | 'lookedAtMs' | 'target' | 'piecesOf' | 'keys'>;

/**
 * `ref → manifest → plan`: pins, lists, selects, looks at what is here, and lets others who may have the same files be asked beside that. Whoever
 * is given the result stops `elsewhere`.
 */
export async function prepare(request: PullRequest, context: PullContext, wires: OpenWires): Promise<Prepared> {
  const { settings, emit, signal } = context;
  const typed = withRevision(parseRef(request.ref), request);
  chooseTarget(typed, request, settings);
  if (!settings.offline && !isCommitRef(typed))
    warmHub(wires.transport, originsFor(typed, settings, request.sources, { ...wires, emit }));
  const store = await openStore(settings.home);
  const trusted = await readTrustKeys(request.trustKeys ?? []);
  const asking = { transport: wires.transport, gate: wires.gate, emit, signal };
  const given = request.pieces === undefined ? undefined : await readGivenPieces(request.pieces, trusted, asking);
  const chunkLists = settings.hfXet === 'off' ? undefined : chunkListsIn(store);
  const lookOut = (ref: Ref): Elsewhere => {
    const places = settings.offline ? [] : placesFor(ref, settings, request.sources);
    return new Elsewhere(places, { settings, store, wires: { ...wires, emit, chunkLists }, emit, signal });
  };
  const resolve = async (ref: Ref, hasAlternative: boolean): Promise<Resolved> => {
    const elsewhere = lookOut(ref);
    const endpoints = (patienceMs: number): readonly Origin[] =>
      originsFor(ref, settings, request.sources, { ...wires, emit, chunkLists, patienceMs });
    try {
      const onNewCommit = (pinned: Pinned, origin: Origin, others: readonly Origin[]): void => {
        warmOrigins(wires.transport, [origin, ...others], mostOf(settings.connections));
        elsewhere.begin(pinned, origin);
      };
      const resolved = await resolveRef(ref, endpoints, { store, settings, emit, signal, hasAlternative, onNewCommit });
      return { ...resolved, ref, store, elsewhere, endpoint: resolved.origins[0]?.endpoint ?? '' };
    } catch (thrown) {
      elsewhere.stop();
      throw thrown;
    }
  };
  const resolved = await resolveOrElse(request, typed, resolve, context);
  const { ref, manifest, origins, elsewhere } = resolved;
  try {
    const target = chooseTarget(ref, request, settings);
    const lookedAtMs = performance.now();
    const wanted = selectFiles(manifest.files, request);
    const surveyed = await surveyFiles(store, wires.handsOf(store), manifest, wanted, signal);
    const missing = surveyed.filter(({ sha256 }) => sha256 === undefined).map(({ file }) => file);
    const isAsked = given === undefined && missing.length > 0 && !settings.offline;
    const published = isAsked
      ? await fetchPublishedPieces(origins, manifest.pinned, trusted, settings, asking)
      : given === undefined
        ? []
        : [given];
    const piecesOf = published.length === 0 ? undefined : piecesFrom(published, manifest.files, manifest.pinned);
    if (!settings.offline && wires.ahead !== undefined) {
      wires.ahead.prepare(
        missing.map(({ sizeBytes }) => sizeBytes),
        wires.budget().threads,
      );
      if (origins.some((origin) => missing.some((file) => usesXet(origin.xetSource?.(manifest.pinned, file)))))
        wires.decoders?.().then(
          (pool) => pool.warm(),
          () => undefined,
        );
    }
    elsewhere.want(missing, manifest.pinned, origins[0]);
    const plan = await planTransfer(store, surveyed, origins, target);
    emit({ type: 'plan.ready', ref: formatRef(ref), plan });
    return { ...resolved, surveyed, lookedAtMs, target, plan, piecesOf, keys: request.keys ?? [] };
  } catch (thrown) {
    elsewhere.stop();
    throw thrown;
  }
}

function usesXet(source: Source | undefined): boolean {
  return source !== undefined && source.isReserve !== true;
}

/** A commit that was listed before is not asked about again. */
function isCommitRef(ref: Ref): boolean {
  return ref.origin !== 'https' && ref.revision !== undefined && isCommit(ref.revision);
}

function withRevision(ref: Ref, request: PullRequest): Ref {
  if (request.revision === undefined) return ref;
  if (ref.origin === 'https') throw new SluiceError('USAGE', { reason: 'A URL has no revision: drop --revision.' });
  const { revision: _, ...bare } = ref;
  return parseRef(`${formatRef(bare)}@${request.revision}`);
}
