import { SluiceError, toSluiceError, type EventSink } from '../base/index.js';
import { formatRef, repositoryPath, type Manifest, type Origin, type Pinned, type Ref } from '../hubs/index.js';
import type { Store } from '../store/index.js';
import type { PullSettings } from './port.js';
import { pinOffline, readManifest, saveManifest, saveRevision, isCommit } from './manifests.js';

/** A ref pinned and listed, and who may give its files. */
export interface Resolved {
  readonly manifest: Manifest;
  /** The endpoint that answered comes first. */
  readonly origins: readonly Origin[];
  /** Settles when the store has what was learnt; nothing has to wait for it but the end of the pull. */
  readonly kept: Promise<void>;
}

export interface ResolveContext {
  readonly store: Store;
  readonly settings: Pick<PullSettings, 'offline' | 'noProgressMs'>;
  readonly emit: EventSink;
  readonly signal: AbortSignal;
  /** There is another ref to try, so that a hub that does not answer is not waited for as long. */
  readonly hasAlternative?: boolean;
  /** Told at once when the ref means a commit that was not listed before. */
  readonly onNewCommit?: (pinned: Pinned, origin: Origin, others: readonly Origin[]) => void;
}

/** The endpoints of a ref, whose small requests are tried again for so long. */
export type OriginsFor = (patienceMs: number) => readonly Origin[];

/**
 * `ref → manifest`: pins the revision with one request to the first endpoint that answers, then takes the listing from the
 * store when this commit was seen before. When no endpoint can be reached, what the ref meant last time stands, with a notice.
 */
export async function resolveRef(ref: Ref, originsFor: OriginsFor, context: ResolveContext): Promise<Resolved> {
  const { offline } = context.settings;
  const revision = ref.origin === 'https' ? undefined : ref.revision;
  const last = await fromStore(ref, revision, context.store);
  const fromLast = (manifest: Manifest): Resolved =>
    announce({ manifest, origins: originsFor(0), kept: Promise.resolve() }, 'store', context);
  if (last !== undefined && (offline || (revision !== undefined && isCommit(revision)))) return fromLast(last);
  if (offline) throw new SluiceError('NOT_HERE', { ref: formatRef(ref) });
  try {
    return await askInRounds(ref, originsFor, last !== undefined || context.hasAlternative === true, context);
  } catch (thrown) {
    const error = toSluiceError(thrown);
    if (error.exitCode !== 7 || last === undefined) throw error;
    context.emit({ type: 'notice', code: 'STALE', message: error.message });
    return fromLast(last);
  }
}

async function fromStore(ref: Ref, revision: string | undefined, store: Store): Promise<Manifest | undefined> {
  const pinned = await pinOffline(store, ref, revision);
  return pinned === undefined ? undefined : readManifest(store, pinned);
}

/** With others to ask, one that does not answer is left quickly, and asked again only when nobody did. */
const FIRST_ROUND_MS = 1000;
/** With an earlier answer to fall back on, a dead network is not worth a minute. */
const PATIENCE_WITH_FALLBACK_MS = 4000;
const PATIENCE_MS = 60_000;
/** Nor is a hub that takes the question and says nothing, when another hub may have the same. */
const PIN_MS_WITH_ALTERNATIVE = 5000;

async function askInRounds(
  ref: Ref,
  originsFor: OriginsFor,
  hasFallback: boolean,
  context: ResolveContext,
): Promise<Resolved> {
  const longestMs = Math.min(context.settings.noProgressMs, hasFallback ? PATIENCE_WITH_FALLBACK_MS : PATIENCE_MS);
  const first = originsFor(FIRST_ROUND_MS);
  if (first.length === 1) return askOrigins(ref, originsFor(longestMs), context);
  try {
    return await askOrigins(ref, first, context);
  } catch (thrown) {
    if (toSluiceError(thrown).retry !== 'later') throw thrown;
    return askOrigins(ref, originsFor(longestMs), context);
  }
}

/** The first endpoint that answers decides; the first error is told, being the preferred endpoint's. */
async function askOrigins(ref: Ref, origins: readonly Origin[], context: ResolveContext): Promise<Resolved> {
  let first: SluiceError | undefined;
  for (const origin of origins) {
    try {
      const pinned = await pinWith(origin, ref, context);
      const ordered: readonly [Origin, ...Origin[]] = [origin, ...origins.filter((other) => other !== origin)];
      const listed = await readManifest(context.store, pinned);
      const manifest = listed ?? (await list(ordered, pinned, context));
      const kept = keep(manifest, listed === undefined, context.store);
      return announce({ manifest, origins: ordered, kept }, origin.id, context);
    } catch (thrown) {
      const error = toSluiceError(thrown);
      if (error.retry === 'never') throw error;
      first ??= error;
    }
  }
  throw first ?? new SluiceError('INTERNAL', { reason: 'a ref without endpoints' });
}

async function pinWith(origin: Origin, ref: Ref, { signal, hasAlternative }: ResolveContext): Promise<Pinned> {
  if (hasAlternative !== true) return origin.pin(ref, signal);
  const patience = AbortSignal.timeout(PIN_MS_WITH_ALTERNATIVE);
  try {
    return await origin.pin(ref, AbortSignal.any([signal, patience]));
  } catch (thrown) {
    if (!patience.aborted || signal.aborted) throw thrown;
    throw new SluiceError('STALLED', { host: origin.id, seconds: PIN_MS_WITH_ALTERNATIVE / 1000 }, { cause: thrown });
  }
}

async function list(
  [origin, ...others]: readonly [Origin, ...Origin[]],
  pinned: Pinned,
  context: ResolveContext,
): Promise<Manifest> {
  context.onNewCommit?.(pinned, origin, others);
  return origin.list(pinned, context.signal);
}

/** Two files that are synced: the first bytes do not wait for them. */
function keep(manifest: Manifest, isNew: boolean, store: Store): Promise<void> {
  const kept = (isNew ? saveManifest(store, manifest) : Promise.resolve()).then(() =>
    saveRevision(store, manifest.pinned),
  );
  // Whoever ends before it is over tells another error.
  kept.catch(() => undefined);
  return kept;
}

function announce(resolved: Resolved, host: string, { emit }: ResolveContext): Resolved {
  const { ref, revision, commit } = resolved.manifest.pinned;
  const repository = ref.origin === 'https' ? ref.url : repositoryPath(ref);
  emit({ type: 'ref.resolved', ref: formatRef(ref), origin: ref.origin, host, repository, revision, commit });
  return resolved;
}
