import { createHash } from 'node:crypto';
import { SluiceError, toSluiceError } from '../base/index.js';
import {
  formatRef,
  type Caller,
  type Manifest,
  type Origin,
  type RepositoryRef,
  type Snapshot,
} from '../hubs/index.js';
import { pinOffline, readManifest, saveManifest, saveRevision } from '../pull/index.js';
import type { Store } from '../store/index.js';

export interface SnapshotsOptions {
  readonly store: Store;
  /** The endpoints of a ref's hub for a caller, the preferred one first. */
  readonly originsFor: (ref: RepositoryRef, caller: Caller) => readonly Origin[];
  /** How long what a branch means is believed. */
  readonly freshMs: number;
  readonly now: () => number;
}

interface Known {
  readonly manifest: Manifest;
  readonly askedAtMs: number;
}

/**
 * What refs mean. What is not for everybody is asked for again by each caller with the caller's own token, and what one was told is never another's.
 */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #known = new Map<string, Known>();
  readonly #asking = new Map<string, Promise<Known>>();

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  async get(ref: RepositoryRef, caller: Caller, signal: AbortSignal): Promise<Snapshot> {
    const shared = formatRef(ref);
    const own = `${shared} ${callerKey(caller)}`;
    const known = this.#known.get(shared) ?? this.#known.get(own);
    const isFresh = known !== undefined && this.#options.now() - known.askedAtMs < this.#options.freshMs;
    if (isFresh) return { ...known.manifest, status: 'HIT' };
    try {
      const asked = await this.#ask(own, ref, caller, signal);
      this.#known.set(asked.manifest.pinned.isPublic === true ? shared : own, asked);
      const isSame = known?.manifest.pinned.commit === asked.manifest.pinned.commit;
      return { ...asked.manifest, status: isSame ? 'REVALIDATED' : 'MISS' };
    } catch (thrown) {
      return this.#stale(ref, known, toSluiceError(thrown));
    }
  }

  /** Everybody who waits for the same answer gets it. */
  #ask(key: string, ref: RepositoryRef, caller: Caller, signal: AbortSignal): Promise<Known> {
    const asking = this.#asking.get(key) ?? this.#askOrigins(ref, caller, signal);
    this.#asking.set(key, asking);
    const over = (): boolean => this.#asking.delete(key);
    asking.then(over, over);
    return asking;
  }

  async #askOrigins(ref: RepositoryRef, caller: Caller, signal: AbortSignal): Promise<Known> {
    const { store, now } = this.#options;
    const askedAtMs = now();
    let first: SluiceError | undefined;
    for (const origin of this.#options.originsFor(ref, caller)) {
      try {
        const pinned = await origin.pin(ref, signal);
        let manifest = await readManifest(store, pinned);
        if (manifest === undefined) {
          manifest = await origin.list(pinned, signal);
          await saveManifest(store, manifest);
        }
        await saveRevision(store, pinned);
        return { manifest, askedAtMs };
      } catch (thrown) {
        first ??= toSluiceError(thrown);
      }
    }
    throw first ?? new SluiceError('INTERNAL', { reason: 'a ref without endpoints' });
  }

  /** When nobody could tell, what was known stands; a refusal is never turned into it. */
  async #stale(ref: RepositoryRef, known: Known | undefined, error: SluiceError): Promise<Snapshot> {
    if (error.exitCode !== 7) throw error;
    const manifest = known?.manifest ?? (await this.#kept(ref));
    if (manifest === undefined) throw error;
    return { ...manifest, status: 'STALE', warning: error.message };
  }

  async #kept(ref: RepositoryRef): Promise<Manifest | undefined> {
    const { store } = this.#options;
    const pinned = await pinOffline(store, ref, ref.revision);
    return pinned?.isPublic === true ? readManifest(store, pinned) : undefined;
  }
}

/** Names a caller without keeping the token. */
function callerKey({ token }: Caller): string {
  return token === undefined ? 'anonymous' : createHash('sha256').update(token).digest('hex');
}
