import {
  formatRef,
  repositoryPath,
  type Caller,
  type ManifestFile,
  type Origin,
  type Snapshot,
} from '../hubs/index.js';
import { fetchSmall, type SmallContext } from '../net/index.js';
import { Answers } from './answers.js';
import { callerKey } from './caller-key.js';
import type { Upstreams } from './upstreams/upstreams.js';

export interface AccessOptions {
  readonly upstreams: Upstreams;
  readonly wires: SmallContext;
  readonly stop: AbortSignal;
  readonly now: () => number;
}

/** A caller whose grant was taken back keeps it for so long. */
const GRANTED_MS = 60_000;
const MAX_VERDICTS = 100_000;

/**
 * Who may have files of repositories that are not for everybody. The hub is asked for a file with the caller's own token, since listings of gated repositories are
 * open while their files are not; what it said counts for this token alone, and for a minute.
 */
export class Access {
  readonly #options: AccessOptions;
  readonly #verdicts: Answers<true>;

  constructor(options: AccessOptions) {
    this.#options = options;
    const { stop, now } = options;
    const capacity = MAX_VERDICTS;
    this.#verdicts = new Answers({ freshMs: GRANTED_MS, isUsefulOld: false, weight: () => 1, capacity, stop, now });
  }

  /** @throws SluiceError when the caller may not, or when nobody can tell */
  async admit({ pinned, files }: Snapshot, caller: Caller): Promise<void> {
    const { ref, isPublic } = pinned;
    if (isPublic === true || ref.origin === 'https') return;
    const { revision: _, ...repository } = ref;
    const { upstreams } = this.#options;
    const name = repositoryPath(ref);
    // One that may not see the caller's token cannot tell what this caller may have.
    const own = upstreams.own(ref.origin, caller, name).filter(({ isWhole }) => isWhole);
    const places = upstreams.isTokenForAll ? [...upstreams.shared(ref.origin, name), ...own] : own;
    if (files.length === 0) return;
    await this.#verdicts.get({
      about: formatRef(repository),
      caller: callerKey(caller),
      ask: async (stop) => {
        const file = easiest(files);
        await upstreams.first(places, stop, (origin, signal) => this.#look(origin, { pinned, file }, signal));
        return { value: true as const, isPublic: false };
      },
      signal: this.#options.stop,
    });
  }

  async #look(
    origin: Origin,
    { pinned, file }: { readonly pinned: Snapshot['pinned']; readonly file: ManifestFile },
    signal: AbortSignal,
  ): Promise<void> {
    const source = origin.source(pinned, file);
    const { url, headers, credentials } = source;
    await fetchSmall(this.#options.wires, {
      url,
      ...(headers === undefined ? {} : { headers }),
      ...(credentials === undefined ? {} : { credentials }),
      signal,
      headOnly: true,
      failure: (head, body) => source.failure(head, body),
    });
  }
}

/** The file that costs least to ask for: a small one that the hub itself gives. */
function easiest(files: readonly ManifestFile[]): ManifestFile {
  return files.reduce((best, file) => (cost(file) < cost(best) ? file : best));
}

function cost({ path, digests, sizeBytes = 1e15 }: ManifestFile): number {
  // Hubs may show these to people without a grant.
  const isShown = /^(?:readme|license|licence|notice|\.git)/i.test(path);
  return sizeBytes + (digests.sha256 === undefined ? 0 : 1e16) + (isShown ? 1e17 : 0);
}
