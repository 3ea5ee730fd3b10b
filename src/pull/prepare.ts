import { SluiceError, type PlanSummary } from '../base/index.js';
import { formatRef, parseRef, type Manifest, type Origin, type Ref } from '../hubs/index.js';
import { openStore, type Store } from '../store/index.js';
import { originsFor } from './origins.js';
import { resolveRef } from './pin.js';
import { planTransfer } from './plan.js';
import type { PullContext, PullRequest } from './port.js';
import { selectFiles } from './select.js';
import { surveyFiles, type SurveyedFile } from './survey.js';
import { chooseTarget, type Target } from './targets.js';
import type { OpenWires } from './wires.js';

/** Everything a pull knows before the first byte of a weight moves. */
export interface Prepared {
  readonly ref: Ref;
  readonly store: Store;
  readonly origins: readonly Origin[];
  readonly manifest: Manifest;
  readonly endpoint: string;
  readonly surveyed: readonly SurveyedFile[];
  readonly target: Target;
  readonly plan: PlanSummary;
}

/** `ref → manifest → plan`: pins, lists, selects, looks at what is here. */
export async function prepare(request: PullRequest, context: PullContext, wires: OpenWires): Promise<Prepared> {
  const { settings, emit, signal } = context;
  const ref = withRevision(parseRef(request.ref), request);
  const target = chooseTarget(ref, request, settings);
  const store = await openStore(settings.home);
  const endpoints = (patienceMs: number): readonly Origin[] =>
    originsFor(ref, settings, request.sources, { ...wires, emit, patienceMs });
  const { manifest, origins } = await resolveRef(ref, endpoints, { store, settings, emit, signal });
  const surveyed = await surveyFiles(store, manifest, selectFiles(manifest.files, request), signal);
  const plan = await planTransfer(store, surveyed, origins, target);
  emit({ type: 'plan.ready', ref: formatRef(ref), plan });
  const endpoint = origins[0]?.endpoint ?? '';
  return { ref, store, origins, manifest, endpoint, surveyed, target, plan };
}

function withRevision(ref: Ref, request: PullRequest): Ref {
  if (request.revision === undefined) return ref;
  if (ref.origin === 'https') throw new SluiceError('USAGE', { reason: 'A URL has no revision: drop --revision.' });
  const { revision: _, ...bare } = ref;
  return parseRef(`${formatRef(bare)}@${request.revision}`);
}
