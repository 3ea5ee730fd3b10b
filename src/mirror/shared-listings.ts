import { repositoryPath, type Manifest, type ManifestFile, type Pinned } from '../hubs/index.js';

/**
 * The files of commits whose listings somebody holds at the moment, so that a commit that is asked for by several names is in memory once. Nothing is kept alive by it.
 */
export class SharedListings {
  readonly #held = new Map<string, WeakRef<readonly ManifestFile[]>>();
  readonly #registry = new FinalizationRegistry<string>((name) => {
    if (this.#held.get(name)?.deref() === undefined) this.#held.delete(name);
  });

  /** Whoever asks has been told by the hub that the ref means this commit. */
  get(pinned: Pinned): Manifest | undefined {
    const files = this.#held.get(nameOf(pinned))?.deref();
    return files === undefined ? undefined : { pinned, files };
  }

  /** The manifest with the files that are held already, if they are. */
  share(manifest: Manifest): Manifest {
    const held = this.get(manifest.pinned);
    if (held !== undefined) return held;
    const name = nameOf(manifest.pinned);
    this.#held.set(name, new WeakRef(manifest.files));
    this.#registry.register(manifest.files, name);
    return manifest;
  }
}

function nameOf({ ref, commit }: Pinned): string {
  return `${ref.origin === 'https' ? ref.url : `${ref.origin}:${repositoryPath(ref)}`}@${commit}`;
}
