import {
  formatRef,
  repositoryPath,
  type Caller,
  type Catalogue,
  type Description,
  type RepositoryRef,
  type Snapshot,
} from '../hubs/index.js';
import type { Store } from '../store/index.js';
import { Answers, type Asked } from './answers.js';
import { callerKey } from './caller-key.js';
import type { Upstreams } from './upstreams/upstreams.js';

export interface DescriptionsOptions {
  readonly store: Store;
  readonly upstreams: Upstreams;
  readonly snapshot: Catalogue['snapshot'];
  /** How long what branches mean is believed. */
  readonly freshMs: number;
  readonly stop: AbortSignal;
  readonly now: () => number;
}

type What = 'info' | 'refs' | 'commits';

interface Text {
  /** JSON. */
  readonly json: string;
}

/** Of a commit: numbers of downloads and likes may be a little old. */
const FRESH_MS = 10 * 60_000;
const COLLECTION = 'descriptions';
/** Longer ones are not kept on disk. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024;
const MAX_MEMORY_BYTES = 64 * 1024 * 1024;

/** What hubs tell of repositories besides their files, by the same rules as snapshots; public ones are kept in the store too. */
export class Descriptions {
  readonly #options: DescriptionsOptions;
  readonly #answers: Answers<Text>;

  constructor(options: DescriptionsOptions) {
    this.#options = options;
    this.#answers = new Answers({
      freshMs: FRESH_MS,
      isUsefulOld: true,
      weight: ({ json }) => json.length + 100,
      capacity: MAX_MEMORY_BYTES,
      isSame: (a, b) => a.json === b.json,
      stop: options.stop,
      now: options.now,
    });
  }

  async get(ref: RepositoryRef, what: What, caller: Caller, signal: AbortSignal): Promise<Description> {
    const snapshot = await this.#options.snapshot(ref, caller, signal);
    const { revision: _, ...repository } = ref;
    const about = `${formatRef(repository)} ${what === 'refs' ? what : `${what} ${snapshot.pinned.commit}`}`;
    const isPublic = snapshot.pinned.isPublic === true;
    const { value, ...told } = await this.#answers.get({
      about,
      caller: callerKey(caller),
      ask: (stop) => this.#ask(about, snapshot, what, caller, stop),
      ...(isPublic ? { kept: () => this.#kept(about) } : {}),
      ...(what === 'refs' ? { freshMs: this.#options.freshMs } : {}),
      signal,
    });
    const warning = told.warning ?? snapshot.warning;
    return { value: JSON.parse(value.json), ...told, ...(warning === undefined ? {} : { warning }) };
  }

  async #ask(
    about: string,
    { pinned }: Snapshot,
    what: What,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<Asked<Text>> {
    const { upstreams, store, now } = this.#options;
    const hub = pinned.ref.origin === 'ms' ? 'ms' : 'hf';
    const isPublic = pinned.isPublic === true;
    const mayShare = isPublic || upstreams.isTokenForAll;
    const name = pinned.ref.origin === 'https' ? undefined : repositoryPath(pinned.ref);
    const places = [...(mayShare ? upstreams.shared(hub, name) : []), ...upstreams.own(hub, caller, name)];
    const askedAtMs = now();
    const told = await upstreams.first(places, signal, (origin, signal) => origin.describe?.(pinned, what, signal));
    const json = JSON.stringify(told);
    if (isPublic && json.length <= MAX_KEPT_BYTES) await store.documents.write(COLLECTION, about, { askedAtMs, json });
    return { value: { json }, isPublic };
  }

  async #kept(about: string): Promise<{ readonly value: Text; readonly askedAtMs: number } | undefined> {
    const read = await this.#options.store.documents.read(COLLECTION, about);
    if (read.status !== 'ok' || !isKept(read.value)) return undefined;
    return { value: { json: read.value.json }, askedAtMs: read.value.askedAtMs };
  }
}

function isKept(value: unknown): value is { json: string; askedAtMs: number } {
  if (typeof value !== 'object' || value === null) return false;
  const { json, askedAtMs } = value as { json?: unknown; askedAtMs?: unknown };
  if (typeof json !== 'string' || typeof askedAtMs !== 'number') return false;
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}
