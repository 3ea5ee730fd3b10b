import { SluiceError, type EventSink } from '../../base/index.js';
import {
  formatRef,
  repositoryPath,
  type ManifestFile,
  type Origin,
  type RepositoryRef,
  type Snapshot,
  type Source,
} from '../../hubs/index.js';
import { sleep } from '../../net/index.js';
import { Elsewhere, placesFor, type Wires } from '../../pull/index.js';
import type { Store } from '../../store/index.js';
import type { Upstreams } from './upstreams.js';

export interface OtherPlacesOptions {
  readonly store: Store;
  readonly upstreams: Upstreams;
  readonly wires: Wires;
  readonly emit: EventSink;
  readonly signal: AbortSignal;
  readonly now: () => number;
}

interface Look {
  readonly elsewhere: Elsewhere;
  readonly untilMs: number;
}

/** A smaller file is here before it is known who else has it. */
const WORTHWHILE_BYTES = 2 ** 20;
/** What another hub has of a commit is believed for so long; that it could not be asked, for less. */
const BELIEVED_MS = 10 * 60_000;
const BELIEVED_FAILURE_MS = 30_000;
/** Callers wait at most ten seconds for a first byte. */
const SOON_MS = 3000;
/** Commits whose twins are known. */
const MOST_LOOKS = 200;

/**
 * Who else has the files that are filled: the same repository on the other hub, what `hubs.map` says, folders that are upstreams. They are asked
 * by the rules of a pull (decision 0007) and with the settings' tokens only: what a file's digest is, and who may have it, its own hub has said.
 */
export class OtherPlaces {
  readonly #options: OtherPlacesOptions;
  /** By commit, least recently used first. */
  readonly #looks = new Map<string, Look>();

  constructor(options: OtherPlacesOptions) {
    this.#options = options;
  }

  /** Who may join the fill of a file, each group when it is known. `known` have it from the start. */
  joining(shown: Snapshot, file: ManifestFile, known: readonly Source[]): readonly Promise<readonly Source[]>[] {
    const { pinned } = shown;
    const { ref } = pinned;
    const { upstreams } = this.#options;
    const isWorthwhile = file.digests.sha256 !== undefined && (file.sizeBytes ?? 0) >= WORTHWHILE_BYTES;
    if (ref.origin === 'https' || !isWorthwhile) return [];
    // Nobody hears the names of what is not for everybody, unless the settings say so.
    if (pinned.isPublic !== true && upstreams.settings.alsoHubs !== 'always') return [];
    const looks = [this.#repositories(ref, shown), this.#folders(ref, shown, file)];
    return looks.flatMap((elsewhere) => elsewhere?.joining(file, known) ?? []);
  }

  /** Whether somebody has a file, as far as it is known soon. */
  async hasAny(shown: Snapshot, file: ManifestFile): Promise<boolean> {
    const found = this.joining(shown, file, []).map(async (group) => {
      if ((await group).length === 0) throw new SluiceError('FILE_NOT_FOUND', { path: file.path });
    });
    const late = new AbortController();
    const patience = sleep(SOON_MS, late.signal).then(() => false);
    const any = Promise.any(found).then(
      () => true,
      () => false,
    );
    const isFound = await Promise.race([any, patience.catch(() => false)]);
    late.abort();
    return isFound;
  }

  /** The twins of a repository are listed once for all files of a commit. */
  #repositories(ref: RepositoryRef, shown: Snapshot): Elsewhere | undefined {
    const { now } = this.#options;
    const { revision: _, ...repository } = ref;
    const key = `${formatRef(repository)}@${shown.pinned.commit}`;
    const known = this.#looks.get(key);
    this.#looks.delete(key);
    const isOld = known === undefined || now() >= known.untilMs || hasFailed(known, now());
    const elsewhere = isOld ? this.#look(ref, shown, 'repository', shown.files) : known.elsewhere;
    if (elsewhere === undefined) return undefined;
    this.#looks.set(key, isOld ? { elsewhere, untilMs: now() + BELIEVED_MS } : known);
    for (const oldest of this.#looks.keys()) {
      if (this.#looks.size <= MOST_LOOKS) break;
      this.#looks.delete(oldest);
    }
    return elsewhere;
  }

  /** Folders list nothing: they are asked for each file when it is wanted. */
  #folders(ref: RepositoryRef, shown: Snapshot, file: ManifestFile): Elsewhere | undefined {
    return this.#look(ref, shown, 'folder', [file]);
  }

  #look(
    ref: RepositoryRef,
    { pinned }: Snapshot,
    kind: 'repository' | 'folder',
    files: readonly ManifestFile[],
  ): Elsewhere | undefined {
    const { store, upstreams, wires, emit, signal } = this.#options;
    const { settings } = upstreams;
    const folders = upstreams.folders(repositoryPath(ref)).map((url) => `files+${url}`);
    const places = placesFor(ref, settings, folders).filter((place) => place.kind === kind);
    const first = upstreams.ours(ref.origin, repositoryPath(ref))[0] ?? endpointOf(settings, ref);
    if (places.length === 0 || first === undefined || settings.offline) return undefined;
    const elsewhere = new Elsewhere(places, {
      settings,
      store,
      wires,
      emit,
      signal,
      originsOf: (hub, path) => upstreams.ours(hub, path),
    });
    elsewhere.want(files, pinned, first);
    return elsewhere;
  }
}

/** Whose word on what is public counts, while none of its upstreams can be asked. */
function endpointOf(settings: Upstreams['settings'], ref: RepositoryRef): Pick<Origin, 'endpoint'> | undefined {
  const [endpoint] = ref.origin === 'hf' ? settings.hfEndpoints : settings.msEndpoints;
  return endpoint === undefined ? undefined : { endpoint };
}

function hasFailed({ elsewhere, untilMs }: Look, nowMs: number): boolean {
  const isTime = nowMs >= untilMs - BELIEVED_MS + BELIEVED_FAILURE_MS;
  return isTime && elsewhere.reports.some(({ failure }) => failure !== undefined);
}
