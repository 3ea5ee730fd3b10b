import { randomBytes } from 'node:crypto';
import { SluiceError, type PlanSummary } from '../base/index.js';
import { formatRef } from '../hubs/index.js';
import { LateGate } from './admission/late-gate.js';
import type { PullGate } from './admission/pull-gate.js';
import { bring, isRefusal, settleFiles } from './bring.js';
import { Decisions } from './decisions.js';
import { dropReplaced, readHolding, saveHolding, withdrawHolding, type Holding } from './holdings.js';
import { requireRoom } from './plan.js';
import type { PullContext, PullOutcome, PullRequest } from './port.js';
import { prepare, type Prepared } from './prepare.js';
import { saveRecord } from './records.js';
import { requireWritable } from './require-writable.js';
import { openThreads } from '../transfer/index.js';
import { withWires, type OpenWires } from './wires.js';

/** A plan tells what other places have, if they say it within this time. */
const PLAN_WAIT_MS = 5000;

/**
 * Brings a ref to where its loaders look: `ref → manifest → plan → pieces → proof → blob → view`.
 * Returns when every selected file is proven and in place.
 * @throws SluiceError the reason for the first file that could not be had; what arrived is kept
 */
export async function pull(request: PullRequest, given: PullContext): Promise<PullOutcome> {
  const startedMs = Date.now();
  const decisions = new Decisions(given.emit);
  const context = { ...given, emit: decisions.emit };
  const work = async (wires: OpenWires): Promise<PullOutcome> => {
    const load = gateLoader(request, context);
    // What the user said of it may be wrong, and lets nothing begin then.
    if (isNamed(given.settings.admissionPolicy) || (request.signatures?.length ?? 0) > 0) await load?.();
    const prepared = await prepare(request, context, wires);
    try {
      const gate = load === undefined ? undefined : new LateGate(async () => (await load())(context, prepared));
      return await carryOut({ request, prepared, startedMs, decisions, gate }, context, wires);
    } finally {
      prepared.elsewhere.stop();
      await Promise.allSettled([prepared.kept]);
    }
  };
  return withWires(context, work, openThreads());
}

type OpenGate = (context: PullContext, prepared: Prepared) => PullGate | undefined;

/** Undefined where the user switched it off. Loads it once. @throws SluiceError BAD_SETTING, BAD_TRUST_POLICY, USAGE */
function gateLoader(request: PullRequest, context: PullContext): (() => Promise<OpenGate>) | undefined {
  const load = async (): Promise<OpenGate> => {
    const { PullGate, askedOf } = await import('./admission/pull-gate.js');
    const asked = await askedOf(request, context.settings);
    return (...given) => PullGate.open(asked, ...given);
  };
  let loading: Promise<OpenGate> | undefined;
  return context.settings.admissionPolicy === 'off' ? undefined : () => (loading ??= load());
}

function isNamed(policy: string | undefined): boolean {
  return policy !== undefined && policy !== 'default';
}

interface Underway {
  readonly request: PullRequest;
  readonly prepared: Prepared;
  readonly startedMs: number;
  readonly decisions: Decisions;
  readonly gate: LateGate | undefined;
}

async function carryOut(
  { request, prepared, startedMs, decisions, gate }: Underway,
  context: PullContext,
  wires: OpenWires,
): Promise<PullOutcome> {
  const id = newPullId(startedMs);
  const { store, plan, target, ref } = prepared;
  requireRoom(plan, store.root);
  if (plan.fetchBytes !== 0) await requireWritable(target);
  const holding = newHolding(id, prepared);
  const before = await readHolding(store, prepared.manifest.pinned, holding);
  await saveHolding(store, prepared.manifest.pinned, holding);
  const { results, files, view } = await bring(prepared, holding, context, wires, gate);
  await prepared.kept;
  const elsewhere = prepared.elsewhere.reports;
  const requests = wires.transport.requestCount;
  const record = { id, request, startedMs, prepared, results, elsewhere, requests, decisions: decisions.list() };
  if (view instanceof SluiceError) {
    await saveRecord(store, { ...record, endedMs: Date.now(), error: view });
    if (isRefusal(view)) await withdrawHolding(store, prepared.manifest.pinned, holding, before);
    throw view;
  }
  context.emit({
    type: 'view.landed',
    ref: formatRef(ref),
    view: target.view,
    path: view.path,
    methods: view.methods,
  });
  const complete: Holding = { ...holding, path: view.path, files, state: 'complete' };
  const endedMs = Date.now();
  await Promise.all([
    saveHolding(store, prepared.manifest.pinned, complete).then(async () => {
      if (target.view !== 'hf' && target.view !== 'repository') await dropReplaced(store, complete);
    }),
    results.length > 0 ? saveRecord(store, { ...record, endedMs, path: view.path }) : undefined,
  ]);
  const outcome: PullOutcome = {
    id,
    ref: formatRef(ref),
    commit: prepared.manifest.pinned.commit,
    path: view.path,
    files: files.length,
    bytes: files.reduce((sum, file) => sum + (file.sizeBytes ?? 0), 0),
    fetchedBytes: results.reduce((sum, result) => sum + result.fetchedBytes, 0),
    copiedBytes: results.reduce((sum, { copiedBytes = 0 }) => sum + copiedBytes, 0),
    requests: wires.transport.requestCount,
    ms: endedMs - startedMs,
  };
  context.emit({ type: 'pull.done', ...outcome });
  return outcome;
}

/** What `pull` would do, without doing it. */
export async function plan(request: PullRequest, context: PullContext): Promise<PlanSummary> {
  return withWires(context, async (wires) => {
    const prepared = await prepare(request, context, wires);
    try {
      const elsewhere = await prepared.elsewhere.settled(PLAN_WAIT_MS);
      const also = elsewhere.filter(({ agree }) => agree.length > 0).map(({ source }) => source);
      const { plan } = prepared;
      await prepared.kept;
      const { refusedFiles } = await import('./admission/refused-files.js');
      const refused = await refusedFiles(prepared);
      const told = refused.length === 0 ? {} : { refused };
      return { ...plan, sources: [...new Set([...plan.sources, ...also])], elsewhere, ...told };
    } finally {
      prepared.elsewhere.stop();
    }
  });
}

/** Begins with the time to the millisecond, so that names sort by it: several pulls may begin within one second. */
function newPullId(startedMs: number): string {
  const time = new Date(startedMs).toISOString().replace(/[-:.]/g, '').slice(0, 18);
  return `${time}-${randomBytes(3).toString('hex')}`;
}

function newHolding(id: string, { ref, manifest, surveyed, target }: Prepared): Holding {
  return {
    ref: formatRef(ref),
    origin: ref.origin,
    revision: manifest.pinned.revision,
    commit: manifest.pinned.commit,
    view: target.view,
    root: target.root,
    path: '',
    state: 'pulling',
    files: settleFiles(surveyed, []),
    pulledAtMs: Date.now(),
    pullId: id,
  };
}
