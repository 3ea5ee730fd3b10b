import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError, type EventSink, type PlaceReport } from '../../base/index.js';
import type { ManifestFile, Pinned, Source } from '../../hubs/index.js';
import type { Store } from '../../store/index.js';
import type { Wires } from '../origins.js';
import type { PullSettings } from '../port.js';
import { lookAtFolder } from './look-at-folder.js';
import { lookAtRepository } from './look-at-repository.js';
import type { LookContext, Lookup } from './lookup.js';
import type { Primary } from './may-ask.js';
import type { Place } from './places.js';

/** A place that says nothing for so long is one that would not help either. */
const LOOK_MS = 30_000;
/** Failures that pass are waited out for so long. */
const PATIENCE_MS = 3000;

export interface ElsewhereContext {
  readonly settings: PullSettings;
  readonly store: Store;
  readonly wires: Wires;
  readonly emit: EventSink;
  readonly signal: AbortSignal;
  /** How long a place may take to answer; `LOOK_MS` unless told. */
  readonly lookMs?: number;
  readonly originsOf?: LookContext['originsOf'];
}

/**
 * Who else has the files of a pull. Places are looked at beside it, from the moment that their names may be told; what they have joins the files
 * that are on their way. The listing of the endpoint that was asked first stays the truth, and no failure here is one of the pull.
 */
export class Elsewhere {
  readonly #places: readonly Place[];
  readonly #context: ElsewhereContext;
  readonly #over = new AbortController();
  readonly #wanted: Promise<readonly ManifestFile[]>;
  readonly #reports: PlaceReport[] = [];
  readonly #answered = new Set<Lookup>();
  readonly #sizes = new Map<string, number>();
  #tellWanted: (files: readonly ManifestFile[]) => void = () => undefined;
  #lookups: readonly Lookup[] = [];
  #told: readonly Promise<void>[] = [];
  #hasBegun = false;

  constructor(places: readonly Place[], context: ElsewhereContext) {
    this.#places = places;
    this.#context = context;
    this.#wanted = new Promise((resolve) => (this.#tellWanted = resolve));
  }

  /** What is known so far. */
  get reports(): readonly PlaceReport[] {
    return this.#reports;
  }

  /** The ref is pinned: those who may know of it are asked. Further calls do nothing. */
  begin(pinned: Pinned, origin: Primary['origin']): void {
    if (this.#hasBegun || this.#places.length === 0 || this.#over.signal.aborted) return;
    this.#hasBegun = true;
    const { settings, store, wires, signal, originsOf, lookMs = LOOK_MS } = this.#context;
    const context: LookContext = {
      settings,
      store,
      wires: { ...wires, emit: () => undefined, patienceMs: PATIENCE_MS },
      originsOf,
      signal: AbortSignal.any([signal, this.#over.signal, AbortSignal.timeout(lookMs)]),
    };
    const startedMs = performance.now();
    this.#lookups = this.#places.map((place) =>
      place.kind === 'folder'
        ? lookAtFolder(place, { pinned, origin }, this.#wanted, context)
        : lookAtRepository(place, { pinned, origin }, this.#wanted, context),
    );
    this.#told = this.#lookups.map(async (lookup) => {
      const report = await lookup.report;
      this.#answered.add(lookup);
      this.#tell(report, startedMs);
    });
  }

  /** These are to be fetched; only what a SHA-256 identifies can be found elsewhere. */
  want(files: readonly ManifestFile[], pinned: Pinned, origin: Primary['origin'] | undefined): void {
    const wanted = files.filter(({ digests }) => digests.sha256 !== undefined);
    if (wanted.length === 0 || origin === undefined) {
      this.stop();
      return;
    }
    this.begin(pinned, origin);
    for (const { path, sizeBytes } of wanted) this.#sizes.set(path, sizeBytes ?? 0);
    this.#tellWanted(wanted);
  }

  /** For the transfer: who may join a file, each place by itself. `known` are the names of those who have it from the start. */
  joining(file: ManifestFile, known: readonly Source[]): readonly Promise<readonly Source[]>[] {
    if (file.digests.sha256 === undefined) return [];
    const ids = known.map(({ id }) => id);
    return this.#lookups.map(async (lookup) =>
      (await lookup.sources(file)).map((source) => (ids.includes(source.id) ? named(source, lookup.ref) : source)),
    );
  }

  /** What all places have; one that has not answered within this time counts as silent. */
  async settled(withinMs: number): Promise<readonly PlaceReport[]> {
    const patience = new AbortController();
    const late = sleep(withinMs, undefined, { signal: patience.signal }).catch(() => undefined);
    await Promise.race([Promise.all(this.#told), late]);
    patience.abort();
    const silent = this.#lookups.filter((lookup) => !this.#answered.has(lookup));
    return [...this.#reports, ...silent.map((lookup) => stalled(lookup, withinMs))];
  }

  /** Nobody needs to know any more. */
  stop(): void {
    this.#over.abort();
    this.#tellWanted([]);
  }

  #tell(report: PlaceReport, startedMs: number): void {
    if (this.#over.signal.aborted || this.#context.signal.aborted) return;
    const told = report.failure?.code === 'INTERRUPTED' ? stalled(report, this.#context.lookMs ?? LOOK_MS) : report;
    this.#reports.push(told);
    const { emit } = this.#context;
    const { source, ref, commit, agree, differ, lack, failure, unasked } = told;
    if (unasked !== undefined) {
      emit({ type: 'source.unasked', source, ref, reason: unasked });
      return;
    }
    if (failure !== undefined) {
      emit({ type: 'source.absent', source, ref, ...failure });
      return;
    }
    const agreeBytes = agree.reduce((sum, path) => sum + (this.#sizes.get(path) ?? 0), 0);
    const counts = { agree: agree.length, agreeBytes, differ: differ.length, lack: lack.length };
    emit({ type: 'source.found', source, ref, commit, ...counts, ms: Math.round(performance.now() - startedMs) });
    for (const difference of differ) emit({ type: 'source.differs', source, ...difference });
  }
}

/** Another repository on a host that has the file already under its own name. */
function named(source: Source, ref: string): Source {
  return Object.create(source, { id: { value: `${source.id} (${ref})`, enumerable: true } }) as Source;
}

const NOTHING = { commit: null, agree: [], differ: [], lack: [] } as const;

/** It did not answer before its time was over. */
function stalled({ source, ref }: { readonly source: string; readonly ref: string }, ms: number): PlaceReport {
  const { code, message } = new SluiceError('STALLED', { host: source, seconds: ms / 1000 });
  return { source, ref, ...NOTHING, failure: { code, message } };
}
