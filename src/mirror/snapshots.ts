import { DIGEST_ALGORITHMS, SluiceError, toSluiceError } from '../base/index.js';
import {
  formatRef,
  repositoryPath,
  type Caller,
  type Manifest,
  type Origin,
  type Pinned,
  type RepositoryRef,
  type Snapshot,
} from '../hubs/index.js';
import { pinOffline, readManifest, saveManifest, saveRevision } from '../pull/index.js';
import type { Store } from '../store/index.js';
import { Answers, type Asked } from './answers.js';
import { callerKey } from './caller-key.js';
import { SharedListings } from './shared-listings.js';
import type { Asked as Place, Upstreams } from './upstreams/upstreams.js';
import { isRefusal } from './upstreams/guards.js';

export interface SnapshotsOptions {
  readonly store: Store;
  readonly upstreams: Upstreams;
  /** How long what a branch means is believed. */
  readonly freshMs: number;
  /** For listings; 640 MiB unless told. */
  readonly memoryBytes?: number;
  readonly stop: AbortSignal;
  readonly now: () => number;
}

/** Memory of all listings together; one that would take more by itself is read from disk each time. */
const MAX_LISTINGS_BYTES = 640 * 1024 * 1024;

/** A commit means the same for ever, but who may have it can change. */
const FIXED_FRESH_MS = 24 * 3600_000;

/** An object with its slots, its digests and the heads of its strings. With SHA-256, git and Xet ids a file took 390 bytes in Node 20, and counts for 570. */
const FILE_BYTES = 320;
const MANIFEST_BYTES = 2048;

/** Bytes that a listing takes in memory, rather too many than too few: what is free text counts twice, as characters outside Latin-1 take it. */
export function weightOf({ files }: Pick<Manifest, 'files'>): number {
  let bytes = MANIFEST_BYTES + files.length * FILE_BYTES;
  for (const { path, url = '', gitOid = '', xetHash = '', fileRevision = '', digests, validators } of files) {
    bytes += 2 * (path.length + url.length) + gitOid.length + xetHash.length + fileRevision.length;
    for (const text of [
      ...DIGEST_ALGORITHMS.map((algorithm) => digests[algorithm]),
      validators?.etag,
      validators?.lastModified,
    ])
      bytes += text?.length ?? 0;
  }
  return bytes;
}

/** What refs mean. What is not for everybody is asked for again by each caller with the caller's own token, and what one was told is never another's. */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #answers: Answers<Manifest>;
  readonly #listings = new SharedListings();
  /** One after another: what revisions mean is read, changed and written. */
  #saving: Promise<void> = Promise.resolve();

  constructor(options: SnapshotsOptions) {
    this.#options = options;
    this.#answers = new Answers<Manifest>({
      freshMs: options.freshMs,
      isUsefulOld: true,
      weight: weightOf,
      capacity: options.memoryBytes ?? MAX_LISTINGS_BYTES,
      isSame: (a, b) => a.pinned.commit === b.pinned.commit,
      stop: options.stop,
      now: options.now,
    });
  }

  /** Whether something is known of it that this caller may know, however old. */
  isKnown(ref: RepositoryRef, caller: Caller): boolean {
    return this.#answers.has({ about: formatRef(ref), caller: callerKey(caller) });
  }

  async get(ref: RepositoryRef, caller: Caller, signal: AbortSignal): Promise<Snapshot> {
    const isFixed = /^[0-9a-f]{40}$/.test(ref.revision ?? '');
    const { value, ...told } = await this.#answers.get({
      about: formatRef(ref),
      caller: callerKey(caller),
      ask: (stop) => this.#ask(ref, caller, stop),
      kept: () => this.#kept(ref),
      ...(isFixed ? { freshMs: FIXED_FRESH_MS } : {}),
      signal,
    });
    return { ...value, ...told };
  }

  /** The token of the settings opens what is public, and the rest only where it stands for everybody. */
  async #ask(ref: RepositoryRef, caller: Caller, signal: AbortSignal): Promise<Asked<Manifest>> {
    const { upstreams } = this.#options;
    const name = repositoryPath(ref);
    const shared = upstreams.shared(ref.origin, name);
    if (shared.length > 0 && (caller.token === undefined || upstreams.isTokenForAll)) {
      try {
        const asked = await this.#askOrigins(ref, shared, signal);
        if (asked.isPublic || upstreams.isTokenForAll) return asked;
      } catch (thrown) {
        if (!isRefusal(toSluiceError(thrown))) throw thrown;
      }
    }
    return this.#askOrigins(ref, upstreams.own(ref.origin, caller, name), signal);
  }

  async #askOrigins(ref: RepositoryRef, places: readonly Place[], signal: AbortSignal): Promise<Asked<Manifest>> {
    const { store, upstreams } = this.#options;
    // No upstream may be told of this name.
    if (places.length === 0)
      throw new SluiceError('REPOSITORY_NOT_FOUND', { host: 'the mirror', repository: repositoryPath(ref) });
    return upstreams.first(places, signal, async (origin, signal) => {
      const pinned = await this.#pin(origin, ref, signal);
      const known = await this.#held(pinned);
      const manifest = known ?? this.#listings.share(await origin.list(pinned, signal));
      // Another process goes by what is kept while the hub cannot be asked: who may read it can have changed.
      const kept = await pinOffline(store, ref, pinned.commit);
      const save = async (): Promise<void> => {
        // Read in its turn: what was to be saved before this may have said the same, or something else.
        const isSaved = async (): Promise<boolean> =>
          (await pinOffline(store, ref, pinned.commit))?.isPublic === pinned.isPublic;
        if (known === undefined || !(await isSaved())) await saveManifest(store, manifest);
        await saveRevision(store, pinned);
      };
      // What is new is synced beside the answer; what was said otherwise before must not be believed after a crash.
      const saved = this.#save(save);
      if (kept !== undefined) await saved;
      else saved.catch(() => undefined);
      return { value: manifest, isPublic: pinned.isPublic === true };
    });
  }

  #save(save: () => Promise<void>): Promise<void> {
    const saved = this.#saving.then(save);
    // What cannot be written down is asked for again.
    this.#saving = saved.catch(() => undefined);
    return saved;
  }

  /** Resolves when what was learnt stands in the store. */
  async saved(): Promise<void> {
    await this.#saving;
  }

  /** Pins, and asks further where the pinning answer does not tell who may read the repository. */
  async #pin(origin: Origin, ref: RepositoryRef, signal: AbortSignal): Promise<Pinned> {
    const pinned = await origin.pin(ref, signal);
    if (pinned.isPublic !== undefined || origin.isPublic === undefined) return pinned;
    return { ...pinned, isPublic: await origin.isPublic(ref, signal) };
  }

  /** The listing of a commit as it is in memory or in the store. */
  async #held(pinned: Pinned): Promise<Manifest | undefined> {
    const shared = this.#listings.get(pinned);
    if (shared !== undefined) return shared;
    const kept = await readManifest(this.#options.store, pinned);
    return kept === undefined ? undefined : this.#listings.share(kept);
  }

  /** What another process was told and everybody may know; when, is not known. */
  async #kept(ref: RepositoryRef): Promise<{ readonly value: Manifest; readonly askedAtMs: number } | undefined> {
    const { store } = this.#options;
    const pinned = await pinOffline(store, ref, ref.revision);
    const manifest = pinned?.isPublic === true ? await this.#held(pinned) : undefined;
    return manifest === undefined ? undefined : { value: manifest, askedAtMs: 0 };
  }
}
