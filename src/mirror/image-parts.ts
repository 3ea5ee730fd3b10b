import type { RawManifest } from '../hubs/index.js';
import type { Store } from '../store/index.js';
import { layerSizes } from './layer-sizes.js';

/** A manifest that was shown, and so counts as what names its parts. */
export interface ShownManifest {
  /** Of its bytes, hexadecimal. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** SHA-256 of the manifest of which it holds signatures; undefined for images and artifacts. */
  readonly subject?: string;
}

export interface ImagePartsOptions {
  readonly store: Store;
  /** A manifest as it is here. */
  readonly kept: (repository: string, sha256: string) => Promise<RawManifest | undefined>;
}

interface Repository {
  /** By digest, shown longest ago first. */
  readonly shown: Map<string, ShownManifest>;
  /** What they name, by their digests. */
  readonly parts: Map<string, readonly string[]>;
  saving: Promise<unknown>;
}

const COLLECTION = 'image-parts';
const MOST_REPOSITORIES = 200;
const MOST_SHOWN = 256;
const MOST_PARTS = 50_000;

/** Which manifests of a repository name a digest, of those that were shown: a layer by itself says nothing of who signed it. Also after a restart. */
export class ImageParts {
  readonly #options: ImagePartsOptions;
  /** Least recently asked first. */
  readonly #repositories = new Map<string, Promise<Repository>>();

  constructor(options: ImagePartsOptions) {
    this.#options = options;
  }

  /** Latest first. `repository`: `oci:host/name`. */
  async naming(repository: string, sha256: string): Promise<readonly ShownManifest[]> {
    const { shown, parts } = await this.#open(repository);
    return [...shown.values()].filter((one) => parts.get(one.sha256)?.includes(sha256) === true).reverse();
  }

  /** Notes that a manifest was shown. Never throws: what cannot be written down is known until the end of the process. */
  async note(repository: string, manifest: RawManifest, subject?: string): Promise<void> {
    const known = await this.#open(repository);
    const { sha256, bytes } = manifest;
    const before = known.shown.get(sha256);
    if (before !== undefined && before.subject === subject) return;
    const about = subject === undefined ? {} : { subject };
    add(known, { sha256, sizeBytes: bytes.length, ...about }, bytes);
    const value = { manifests: [...known.shown.values()] };
    const write = (): Promise<void> => this.#options.store.documents.write(COLLECTION, repository, value);
    known.saving = known.saving.then(write).catch(() => undefined);
    await known.saving;
  }

  #open(repository: string): Promise<Repository> {
    const known = this.#repositories.get(repository) ?? this.#read(repository);
    this.#repositories.delete(repository);
    this.#repositories.set(repository, known);
    known.catch(() => this.#repositories.delete(repository));
    for (const oldest of this.#repositories.keys()) {
      if (this.#repositories.size <= MOST_REPOSITORIES) break;
      this.#repositories.delete(oldest);
    }
    return known;
  }

  async #read(repository: string): Promise<Repository> {
    const { store, kept } = this.#options;
    const known: Repository = { shown: new Map(), parts: new Map(), saving: Promise.resolve() };
    const read = await store.documents.read(COLLECTION, repository);
    const { manifests } = (read.status === 'ok' ? (read.value ?? {}) : {}) as { readonly manifests?: unknown };
    for (const each of Array.isArray(manifests) ? (manifests as unknown[]).slice(0, MOST_SHOWN) : []) {
      const one = shownIn(each);
      const manifest = one === undefined ? undefined : await kept(repository, one.sha256);
      if (one !== undefined && manifest !== undefined) add(known, one, manifest.bytes);
    }
    return known;
  }
}

function add({ shown, parts }: Repository, one: ShownManifest, bytes: Buffer): void {
  const { sha256 } = one;
  shown.delete(sha256);
  shown.set(sha256, one);
  parts.set(
    sha256,
    layerSizes(bytes).map(([part]) => part),
  );
  let count = [...parts.values()].reduce((sum, all) => sum + all.length, 0);
  for (const oldest of shown.keys()) {
    if (oldest === sha256 || (shown.size <= MOST_SHOWN && count <= MOST_PARTS)) break;
    count -= parts.get(oldest)?.length ?? 0;
    shown.delete(oldest);
    parts.delete(oldest);
  }
}

function shownIn(value: unknown): ShownManifest | undefined {
  const { sha256, sizeBytes, subject } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (!isDigest(sha256) || typeof sizeBytes !== 'number') return undefined;
  if (subject === undefined) return { sha256, sizeBytes };
  return isDigest(subject) ? { sha256, sizeBytes, subject } : undefined;
}

function isDigest(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}
