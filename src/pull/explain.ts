import { SluiceError, type PlaceReport } from '../base/index.js';
import { formatRef, parseRef } from '../hubs/index.js';
import { openStore, type Store } from '../store/index.js';
import { firstMeaning } from './meanings.js';
import type { RecordedDecision } from './decisions.js';
import type { PullContext } from './port.js';
import { listRecords, readRecord, type PullRecord, type RecordedFile } from './records.js';

/** The story of a pull: what was proven against what, and where each piece came from. */
export interface Explanation {
  readonly id: string;
  readonly ref: string;
  readonly commit: string;
  readonly startedAtMs: number;
  readonly ms: number;
  readonly view: string;
  readonly path: string;
  readonly requests: number;
  /** The files that had to be fetched. */
  readonly files: readonly RecordedFile[];
  readonly sources: readonly SourceShare[];
  /** What other places had of these files. */
  readonly elsewhere: readonly PlaceReport[];
  /** What was decided about sources and connections, in the order of time. */
  readonly decisions: readonly RecordedDecision[];
  /** Why it ended without success, when it did. */
  readonly error?: string;
}

/** How much of a pull one source gave. */
export interface SourceShare {
  readonly source: string;
  readonly pieces: number;
  readonly bytes: number;
  readonly retries: number;
}

/**
 * Where every piece of a pull came from, when and why. `wanted` is the id of a pull, or a ref (its latest pull that
 * fetched something).
 * @throws SluiceError NOT_HERE
 */
export async function explain(wanted: string, { settings }: PullContext): Promise<Explanation> {
  const record = await find(await openStore(settings.home), wanted);
  if (record === undefined) throw new SluiceError('NOT_HERE', { ref: wanted });
  const { id, ref, commit, startedMs, endedMs, plan, path, requests, files, error } = record;
  return {
    id,
    ref,
    commit,
    startedAtMs: startedMs,
    ms: endedMs - startedMs,
    view: plan.view,
    path: path ?? plan.target,
    requests,
    files,
    sources: sharesOf(record),
    elsewhere: record.elsewhere ?? [],
    decisions: record.decisions ?? [],
    ...(error === undefined ? {} : { error }),
  };
}

async function find(store: Store, wanted: string): Promise<PullRecord | undefined> {
  if (/^\d{8}T\d{6}(?:\d{3})?-[0-9a-f]{6}$/.test(wanted)) return readRecord(store, wanted);
  const records = await listRecords(store);
  const [latest] = firstMeaning(wanted, (typed) => {
    const ref = formatRef(parseRef(typed));
    const exact = records.filter((record) => record.ref === ref);
    return exact.length > 0 ? exact : records.filter((record) => record.ref.startsWith(`${ref}@`));
  });
  return latest;
}

function sharesOf(record: PullRecord): readonly SourceShare[] {
  const shares = new Map<string, { pieces: number; bytes: number; retries: number }>();
  for (const piece of record.files.flatMap((file) => file.pieces)) {
    const share = shares.get(piece.source) ?? { pieces: 0, bytes: 0, retries: 0 };
    share.pieces += 1;
    share.bytes += piece.endByte - piece.startByte;
    share.retries += piece.retries;
    shares.set(piece.source, share);
  }
  return [...shares].map(([source, share]) => ({ source, ...share })).sort((a, b) => b.bytes - a.bytes);
}
