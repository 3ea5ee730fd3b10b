import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { SluiceError, toSluiceError } from '../base/index.js';
import {
  hostlessWords,
  type Content,
  type ImageCatalogue,
  type ImageName,
  type KeptManifest,
  type RawManifest,
  type Registry,
} from '../hubs/index.js';
import type { Store } from '../store/index.js';
import type { AdmissionGuard } from './admission-guard.js';
import type { Fills } from './fills.js';
import type { HeldFiles } from './held-files.js';
import { layerSizes } from './layer-sizes.js';
import { Refusals, REFUSED_MS } from './refusals.js';
import type { Guards } from './upstreams/guards.js';

export interface ImagesOptions {
  readonly store: Store;
  readonly held: HeldFiles;
  readonly fills: Fills;
  /** Told what is given out, as part of what. */
  readonly used: (sha256: string, name: string) => void;
  /** The registry of a name, undefined where this mirror does not speak for it. */
  readonly registryOf: (registry: string) => Registry | undefined;
  /** How long what a tag means is believed. */
  readonly freshMs: number;
  readonly admission: AdmissionGuard;
  readonly guards: Guards;
  readonly now: () => number;
}

/** What a reference meant, as it is kept; the manifest itself is a blob. */
interface ReferenceDocument {
  readonly sha256: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly atMs: number;
}

const REFERENCES = 'image-references';

/** Images of the configured registries, kept as they are asked for: manifests and layers are blobs by their digests. */
export class Images implements ImageCatalogue {
  readonly #options: ImagesOptions;
  readonly #sizes = new Map<string, number>();
  readonly #asking = new Map<string, Promise<RawManifest>>();
  readonly #refused: Refusals;

  constructor(options: ImagesOptions) {
    this.#options = options;
    this.#refused = new Refusals(options.now);
  }

  async manifest(
    name: ImageName,
    reference: string,
    accept: string | undefined,
    signal: AbortSignal,
  ): Promise<KeptManifest> {
    const isPinned = reference.startsWith('sha256:');
    const key = keyOf(name, reference, isPinned ? undefined : accept);
    const known = await this.#known(key);
    const isFresh = known !== undefined && (isPinned || this.#options.now() - known.atMs < this.#options.freshMs);
    if (isFresh) return this.#learn(name, { ...known.manifest, status: 'HIT' });
    const refused = this.#refused.get(key);
    if (refused !== undefined) throw refused;
    try {
      const asked = await this.#ask(key, name, reference, accept, signal);
      const isSame = known?.manifest.sha256 === asked.sha256;
      return this.#learn(name, { ...asked, status: isSame ? 'REVALIDATED' : 'MISS' });
    } catch (thrown) {
      const error = toSluiceError(thrown);
      if (error.exitCode === 3) this.#refused.keep(key, error, REFUSED_MS);
      if (known === undefined || error.exitCode !== 7) throw error;
      return this.#learn(name, { ...known.manifest, status: 'STALE', warning: hostlessWords(error) });
    }
  }

  async blob(name: ImageName, sha256: string, signal: AbortSignal): Promise<Content> {
    const content = await this.#content(name, sha256, signal);
    const ref = `oci:${name.registry}/${name.repository}`;
    const asked = { ref, commit: '', path: `sha256:${sha256}`, key: sha256, sha256 };
    return this.#options.admission.pass(asked, content);
  }

  async #content(name: ImageName, sha256: string, signal: AbortSignal): Promise<Content> {
    const { fills } = this.#options;
    const used = (hex: string): void => this.#options.used(hex, `oci:${name.registry}/${name.repository}`);
    const held = await this.#options.held.content({ sha256 }, this.#sizes.get(sha256), used);
    if (held !== undefined) return held;
    const registry = this.#registry(name);
    const ask = <T>(question: () => Promise<T>): Promise<T> => this.#options.guards.ask(name.registry, question);
    const { repository } = name;
    const sizeBytes = this.#sizes.get(sha256) ?? (await ask(() => registry.blobBytes(repository, sha256, signal)));
    this.#sizes.set(sha256, sizeBytes);
    const source = await ask(() => registry.source(repository, sha256, signal));
    const file = { path: `sha256:${sha256}`, sizeBytes, digests: { sha256 } };
    return fills.content(file, sizeBytes, () => ({ sources: [source] }), used);
  }

  tags(name: ImageName, signal: AbortSignal): Promise<readonly string[]> {
    const registry = this.#registry(name);
    return this.#options.guards.ask(name.registry, () => registry.tags(name.repository, signal));
  }

  #registry({ registry, repository }: ImageName): Registry {
    const found = this.#options.registryOf(registry);
    if (found === undefined) throw new SluiceError('REPOSITORY_NOT_FOUND', { host: registry, repository });
    return found;
  }

  #ask(
    key: string,
    name: ImageName,
    reference: string,
    accept: string | undefined,
    signal: AbortSignal,
  ): Promise<RawManifest> {
    const asking = this.#asking.get(key) ?? this.#askRegistry(key, name, reference, accept, signal);
    this.#asking.set(key, asking);
    const over = (): boolean => this.#asking.delete(key);
    asking.then(over, over);
    return asking;
  }

  async #askRegistry(
    key: string,
    name: ImageName,
    reference: string,
    accept: string | undefined,
    signal: AbortSignal,
  ): Promise<RawManifest> {
    const { store, now } = this.#options;
    const registry = this.#registry(name);
    const manifest = await this.#options.guards.ask(name.registry, () =>
      registry.manifest(name.repository, reference, accept, signal),
    );
    const { sha256, mediaType, bytes } = manifest;
    await store.putBytes(bytes, { sha256, sizeBytes: bytes.length, digests: {} });
    const document: ReferenceDocument = { sha256, mediaType, sizeBytes: bytes.length, atMs: now() };
    const pinned = keyOf(name, `sha256:${sha256}`, undefined);
    for (const each of new Set([key, pinned])) await store.documents.write(REFERENCES, each, document);
    return manifest;
  }

  async #known(key: string): Promise<{ readonly manifest: RawManifest; readonly atMs: number } | undefined> {
    const { store } = this.#options;
    const read = await store.documents.read(REFERENCES, key);
    if (read.status !== 'ok') return undefined;
    const { sha256, mediaType, atMs } = read.value as ReferenceDocument;
    if (typeof sha256 !== 'string' || (await store.blobState(sha256)) !== 'proven') return undefined;
    try {
      const bytes = await readFile(store.blobPath(sha256));
      const isRight = createHash('sha256').update(bytes).digest('hex') === sha256;
      return isRight ? { manifest: { sha256, mediaType, bytes }, atMs } : undefined;
    } catch {
      return undefined;
    }
  }

  /** A manifest tells how long the blobs that it names are. */
  #learn({ registry, repository }: ImageName, manifest: KeptManifest): KeptManifest {
    this.#options.used(manifest.sha256, `oci:${registry}/${repository}`);
    for (const [sha256, sizeBytes] of layerSizes(manifest.bytes)) this.#sizes.set(sha256, sizeBytes);
    return manifest;
  }
}

function keyOf({ registry, repository }: ImageName, reference: string, accept: string | undefined): string {
  const wish = accept === undefined ? '' : ` ${createHash('sha256').update(accept).digest('hex').slice(0, 16)}`;
  return `${registry}/${repository}:${reference}${wish}`;
}
