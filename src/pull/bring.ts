import { formatRef, type ManifestFile } from '../hubs/index.js';
import { SluiceError, toSluiceError } from '../base/index.js';
import type { ViewResult } from '../store/index.js';
import { transfer, type TransferResult, type TransferTask } from '../transfer/index.js';
import { foreignPartialsFor } from './foreign.js';
import { saveHolding, type HeldFile, type Holding } from './holdings.js';
import { sourcesOf } from './origins.js';
import type { PullContext } from './port.js';
import type { Prepared } from './prepare.js';
import { surveyFiles, type SurveyedFile } from './survey.js';
import { viewRequest } from './view-request.js';
import { warmSources } from './warm.js';
import type { OpenWires } from './wires.js';

/** How often is brought again what a collection beside us takes away between our look and our landing. */
const MOST_ROUNDS = 3;

/** So many are landed by a thread of their own, which starts while they come. */
const MANY_FILES = 64;

/** Where everything stands, and how it came there. */
export type Shown = Pick<ViewResult, 'path' | 'methods'>;

export interface Brought {
  readonly results: readonly TransferResult[];
  readonly files: readonly HeldFile[];
  /** Or why a file could not be had. */
  readonly view: Shown | SluiceError;
}

/** `plan → pieces → proof → blob → view`: fetches what is missing, then shows everything. */
export async function bring(
  first: Prepared,
  holding: Holding,
  context: PullContext,
  wires: OpenWires,
): Promise<Brought> {
  const { store, manifest } = first;
  const results: TransferResult[] = [];
  let prepared = first;
  for (let round = 1; ; round += 1) {
    results.push(...(await fetchMissing(prepared, context, wires)));
    const files = settleFiles(prepared.surveyed, results);
    // From here on a collection knows of everything that this pull needs.
    await saveHolding(store, manifest.pinned, { ...holding, files });
    const failed = results.find((result) => result.error !== undefined);
    if (failed?.error !== undefined) return { results, files, view: failed.error };
    try {
      return { results, files, view: await show(prepared, files, context, wires) };
    } catch (thrown) {
      const wanted = prepared.surveyed.map(({ file }) => file);
      const lookedAtMs = performance.now();
      const surveyed = await surveyFiles(store, wires.handsOf(store), manifest, wanted, context.signal);
      if (round === MOST_ROUNDS || surveyed.every(({ sha256 }) => sha256 !== undefined)) throw thrown;
      prepared = { ...prepared, surveyed, lookedAtMs };
    }
  }
}

async function fetchMissing(
  prepared: Prepared,
  context: PullContext,
  wires: OpenWires,
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
  warmSources(wires.transport, tasks, settings.connections === 'auto' ? Infinity : settings.connections);
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
    foreignPartials: foreignPartialsFor(prepared.target, manifest, settings),
  });
}

function piecesFor({ piecesOf }: Prepared, file: ManifestFile): Pick<TransferTask, 'pieces'> {
  const pieces = piecesOf?.(file.digests.sha256, file.sizeBytes);
  return pieces === undefined ? {} : { pieces };
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
