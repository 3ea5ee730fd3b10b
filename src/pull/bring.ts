import { SluiceError, toSluiceError } from '../base/index.js';
import { formatRef, type ManifestFile } from '../hubs/index.js';
import type { ViewResult } from '../store/index.js';
import { transfer, type TransferResult, type TransferTask } from '../transfer/index.js';
import type { LateGate } from './admission/late-gate.js';
import { foreignPartialsFor } from './foreign.js';
import { saveHolding, type HeldFile, type Holding } from './holdings.js';
import { sourcesOf } from './origins.js';
import type { PullContext } from './port.js';
import type { SealedFiles } from './sealed-files.js';
import type { Prepared } from './prepare.js';
import { surveyFiles, type SurveyedFile } from './survey.js';
import { viewRequest } from './view-request.js';
import { mostOf, warmSources } from './warm.js';
import type { OpenWires } from './wires.js';

/** How often is brought again what a collection beside us takes away between our look and our landing. */
const MOST_ROUNDS = 3;

/** So many are landed by a thread of their own, which starts while they come. */
const MANY_FILES = 64;

async function sealedFiles({ store, keys, manifest }: Prepared, context: PullContext): Promise<SealedFiles> {
  const { SealedFiles: Opener } = await import('./sealed-files.js');
  return new Opener({ store, keys, listed: manifest.files, ...context });
}

/** Where everything stands, and how it came there. */
export type Shown = Pick<ViewResult, 'path' | 'methods'>;

export interface Brought {
  readonly results: readonly TransferResult[];
  readonly files: readonly HeldFile[];
  /** Or why a file could not be had. */
  readonly view: Shown | SluiceError;
}

/** `plan → pieces → proof → blob → view`: fetches what is missing, then shows everything, if the gate admits it. */
export async function bring(
  first: Prepared,
  holding: Holding,
  context: PullContext,
  wires: OpenWires,
  gate: LateGate | undefined,
): Promise<Brought> {
  const { store, manifest } = first;
  const results: TransferResult[] = [];
  let prepared = first;
  try {
    await gate?.preflight(first, context, wires);
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    return { results, files: settleFiles(first.surveyed, []), view: thrown };
  }
  const sealed = first.keys.length === 0 ? undefined : await sealedFiles(first, context);
  for (let round = 1; ; round += 1) {
    let fetched: readonly TransferResult[];
    try {
      fetched = await fetchMissing(prepared, watched(prepared, context, gate), wires, sealed);
    } catch (thrown) {
      if (gate?.refusal === undefined) throw thrown;
      return { results, files: settleFiles(prepared.surveyed, results), view: gate.refusal };
    }
    const misled = fetched.find((result) => failedByHint(prepared, result));
    if (misled?.error !== undefined) {
      const { code, message } = misled.error;
      context.emit({ type: 'notice', code, message: `${message} Going on without the manifest, which nobody signed.` });
      prepared = { ...prepared, piecesOf: undefined };
      results.push(...fetched.filter(({ error }) => error === undefined));
      prepared = { ...prepared, ...(await surveyAgain(prepared, context, wires)) };
      continue;
    }
    results.push(...fetched);
    const arrived = settleFiles(prepared.surveyed, results);
    // From here on a collection knows of everything that this pull needs.
    await saveHolding(store, manifest.pinned, { ...holding, files: arrived });
    const failed = results.find((result) => result.error !== undefined);
    if (failed?.error !== undefined) return { results, files: arrived, view: failed.error };
    let files = arrived;
    if (sealed !== undefined) {
      const opened = await sealed.open(arrived).catch((thrown: unknown) => toSluiceError(thrown));
      if (opened instanceof SluiceError) return { results, files, view: opened };
      files = [...arrived, ...opened];
      await saveHolding(store, manifest.pinned, { ...holding, files });
    }
    try {
      await gate?.judge(prepared, files, context, wires);
      return { results, files, view: await show(prepared, files, context, wires) };
    } catch (thrown) {
      if (isRefusal(thrown)) return { results, files, view: thrown };
      const again = await surveyAgain(prepared, context, wires);
      if (round === MOST_ROUNDS || again.surveyed.every(({ sha256 }) => sha256 !== undefined)) throw thrown;
      prepared = { ...prepared, ...again };
    }
  }
}

/** Whether the gate let nothing of a pull be seen. */
export function isRefusal(thrown: unknown): thrown is SluiceError {
  return thrown instanceof SluiceError && (thrown.code === 'REFUSED' || thrown.code === 'BAD_SIGNATURE');
}

/** The same, with what lands scanned at once, and ended by what is refused. */
function watched(prepared: Prepared, context: PullContext, gate: LateGate | undefined): PullContext {
  if (gate === undefined) return context;
  const emit = gate.watch(prepared, context);
  return { ...context, emit, signal: AbortSignal.any([context.signal, gate.stop]) };
}

async function surveyAgain(
  { store, manifest, surveyed }: Prepared,
  { signal }: PullContext,
  wires: OpenWires,
): Promise<Pick<Prepared, 'surveyed' | 'lookedAtMs'>> {
  const lookedAtMs = performance.now();
  const wanted = surveyed.map(({ file }) => file);
  return { surveyed: await surveyFiles(store, wires.handsOf(store), manifest, wanted, signal), lookedAtMs };
}

async function fetchMissing(
  prepared: Prepared,
  context: PullContext,
  wires: OpenWires,
  sealed: SealedFiles | undefined,
): Promise<readonly TransferResult[]> {
  const { surveyed, origins, manifest, store, elsewhere } = prepared;
  const { settings, emit, signal } = context;
  const tasks = surveyed
    .filter(({ sha256 }) => sha256 === undefined)
    .map(({ file }): TransferTask => {
      const sources = sourcesOf(origins, manifest.pinned, file, settings.hfXet);
      return {
        path: file.path,
        sizeBytes: file.sizeBytes,
        digests: file.digests,
        ...(file.validators === undefined ? {} : { validators: file.validators }),
        ...piecesFor(prepared, file),
        sources,
        joining: elsewhere.joining(file, sources),
      };
    });
  if (tasks.length === 0) return [];
  if (settings.offline) {
    throw new SluiceError('NOT_HERE', { ref: `${formatRef(prepared.ref)} (${tasks[0]?.path ?? ''})` });
  }
  const budget = wires.budget();
  warmSources(wires.transport, tasks, mostOf(settings.connections));
  const hands = wires.handsOf(store);
  if (prepared.surveyed.length >= MANY_FILES) hands.warm();
  return transfer(tasks, {
    store,
    hands,
    ...(wires.ahead === undefined ? {} : { ahead: wires.ahead }),
    transport: wires.transport,
    gate: wires.gate,
    emit,
    signal,
    connections: settings.connections,
    mostConnections: budget.connections,
    bufferBytes: budget.bufferBytes,
    threads: budget.threads,
    ...(settings.limit === undefined ? {} : { limit: settings.limit }),
    ...(settings.requestBytes === undefined ? {} : { requestBytes: settings.requestBytes }),
    noProgressMs: settings.noProgressMs,
    lookedAtMs: prepared.lookedAtMs,
    ...(sealed === undefined ? {} : { onProven: (task, sha256) => sealed.proven(task.path, sha256) }),
    foreignPartials: foreignPartialsFor(prepared.target, manifest, settings),
  });
}

function piecesFor({ piecesOf }: Prepared, file: ManifestFile): Pick<TransferTask, 'pieces' | 'wholeToo'> {
  const pieces = piecesOf?.(file.digests.sha256, file.sizeBytes);
  return pieces === undefined ? {} : { pieces, wholeToo: pieces.standing !== 'believed' };
}

/** Whether a file could not be had that came by pieces of which only somebody said what they are: without that it may be. */
function failedByHint({ piecesOf }: Prepared, { task, error }: TransferResult): boolean {
  const pieces = piecesOf?.(task.digests.sha256, task.sizeBytes);
  return pieces?.standing === 'hint' && error?.exitCode === 5;
}

/** Every selected file with its SHA-256, as far as it is known. */
export function settleFiles(
  surveyed: readonly SurveyedFile[],
  results: readonly TransferResult[],
): readonly HeldFile[] {
  const landed = new Map(results.map((result) => [result.task.path, result]));
  return surveyed.map(({ file, sha256, sizeBytes }) => {
    const result = landed.get(file.path);
    const proven = sha256 ?? result?.sha256 ?? file.digests.sha256;
    return {
      path: file.path,
      sizeBytes: sizeBytes ?? result?.sizeBytes ?? null,
      ...(proven === undefined ? {} : { sha256: proven }),
    };
  });
}

async function show(
  prepared: Prepared,
  files: readonly HeldFile[],
  context: PullContext,
  wires: OpenWires,
): Promise<Shown> {
  const { links } = context.settings;
  const { target, store } = prepared;
  try {
    return await wires.handsOf(store).land(target.view, target.root, viewRequest(prepared, files), {
      signal: context.signal,
      ...(links === undefined ? {} : { links }),
    });
  } catch (thrown) {
    throw toSluiceError(thrown);
  }
}
