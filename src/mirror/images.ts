import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { SluiceError, toSluiceError } from '../base/index.js';
import {
  hostlessWords,
  isImageManifest,
  type Content,
  type ImageCatalogue,
  type ImageName,
  type KeptManifest,
  type KeptTags,
  type ManifestFile,
  type RawManifest,
  type Registry,
} from '../hubs/index.js';
import type { Store } from '../store/index.js';
import type { AdmissionGuard } from './admission-guard.js';
import { Answers } from './answers.js';
import type { Fills } from './fills.js';
import type { HeldFiles } from './held-files.js';
import { inTime } from './in-time.js';
import { layerSizes } from './layer-sizes.js';
import { Refusals, REFUSED_MS } from './refusals.js';
import { SignedImages } from './signed-images.js';
import type { RevocationAnswers } from '../proof/index.js';
import { saysNothing, type Guards } from './upstreams/guards.js';

export interface ImagesOptions {
  readonly store: Store;
  readonly held: HeldFiles;
  readonly fills: Fills;
  /** Told what is given out, as part of what. */
  readonly used: (sha256: string, name: string) => void;
  /** Whether it was given out as part of that before. */
  readonly wasUsed: (sha256: string, name: string) => Promise<boolean>;
  /** The registry of a name, undefined where this mirror does not speak for it. */
  readonly registryOf: (registry: string) => Registry | undefined;
  /** How long what a tag means is believed. */
  readonly freshMs: number;
  readonly admission: AdmissionGuard;
  readonly guards: Guards;
  /** Nothing is asked any more once it fires. */
  readonly stop: AbortSignal;
  /** Of the responders of authorities, where a rule asks them. */
  readonly answers: () => Promise<RevocationAnswers>;
  readonly now: () => number;
}

/** What a reference meant, as it is kept; the manifest itself is a blob. */
interface ReferenceDocument {
  readonly sha256: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly atMs: number;
}

interface TagsDocument {
  readonly askedAtMs: number;
  readonly tags: readonly string[];
}

const REFERENCES = 'image-references';
const TAGS = 'image-tags';
/** Of all lists of tags together. */
const MAX_TAGS_BYTES = 16 * 1024 * 1024;
/** Blobs that registries were asked about. */
const MAX_CONFIRMED = 10_000;

/** Images of the configured registries, kept as they are asked for: manifests and layers are blobs by their digests. */
export class Images implements ImageCatalogue {
  readonly #options: ImagesOptions;
  readonly #sizes = new Map<string, number>();
  /** How long a registry said that blobs of its repositories are. */
  readonly #confirmed = new Map<string, Promise<number>>();
  readonly #asking = new Map<string, Promise<RawManifest>>();
  readonly #refused: Refusals;
  readonly #tags: Answers<readonly string[]>;
  readonly #signed: SignedImages;

  constructor(options: ImagesOptions) {
    this.#options = options;
    this.#refused = new Refusals(options.now);
    this.#signed = new SignedImages({
      ...options,
      registryOf: (name) => this.#registry(name),
      kept: async (repository, sha256) =>
        (await this.#known(`${repository.replace('oci:', '')}:sha256:${sha256}`))?.manifest,
      manifest: (name, sha256) => this.#manifest(name, `sha256:${sha256}`, undefined, options.stop),
    });
    this.#tags = new Answers({
      freshMs: options.freshMs,
      isUsefulOld: true,
      weight: (tags) => tags.reduce((sum, tag) => sum + tag.length + 32, 100),
      capacity: MAX_TAGS_BYTES,
      isSame: (a, b) => a.join(' ') === b.join(' '),
      stop: options.stop,
      now: options.now,
    });
  }

  async manifest(
    name: ImageName,
    reference: string,
    accept: string | undefined,
    signal: AbortSignal,
  ): Promise<KeptManifest> {
    const manifest = await this.#manifest(name, reference, accept, signal);
    const { sha256 } = manifest;
    // What it lists is for the gate to judge; what was refused in this store, or is not signed by whom the policy wants, is not shown as a manifest either.
    const ref = `oci:${name.registry}/${name.repository}`;
    const asked = { ref, commit: '', path: reference, key: sha256, sha256 };
    await this.#options.admission.assertNotRefused(asked);
    await this.#options.admission.assertSigned(asked, (policy) =>
      this.#signed.ofManifest(policy, name, manifest, reference),
    );
    return this.#learn(name, manifest);
  }

  async #manifest(
    name: ImageName,
    reference: string,
    accept: string | undefined,
    signal: AbortSignal,
  ): Promise<KeptManifest> {
    const isPinned = reference.startsWith('sha256:');
    const key = keyOf(name, reference, isPinned ? undefined : accept);
    const known = await this.#known(key);
    const isFresh = known !== undefined && (isPinned || this.#options.now() - known.atMs < this.#options.freshMs);
    if (isFresh) return { ...known.manifest, status: 'HIT' };
    const refused = this.#refused.get(key);
    if (refused !== undefined) throw refused;
    try {
      const asked = await inTime(this.#ask(key, name, reference, accept), known !== undefined, signal);
      const isSame = known?.manifest.sha256 === asked.sha256;
      return { ...asked, status: isSame ? 'REVALIDATED' : 'MISS' };
    } catch (thrown) {
      const error = toSluiceError(thrown);
      if (error.exitCode === 3) this.#refused.keep(key, error, REFUSED_MS);
      if (known === undefined || !saysNothing(error)) throw error;
      return { ...known.manifest, status: 'STALE', warning: hostlessWords(error) };
    }
  }

  async blob(name: ImageName, sha256: string, signal: AbortSignal): Promise<Content> {
    const content = await this.#content(name, sha256, signal);
    const ref = `oci:${name.registry}/${name.repository}`;
    const asked = { ref, commit: '', path: `sha256:${sha256}`, key: sha256, sha256 };
    return this.#options.admission.pass(asked, content, undefined, (policy) =>
      this.#signed.ofBlob(policy, name, sha256),
    );
  }

  async #content(name: ImageName, sha256: string, signal: AbortSignal): Promise<Content> {
    const { fills } = this.#options;
    const as = `oci:${name.registry}/${name.repository}`;
    const used = (hex: string): void => this.#options.used(hex, as);
    const isIts = await this.#options.wasUsed(sha256, as);
    const held = isIts ? await this.#options.held.content({ sha256 }, this.#sizes.get(sha256), used) : undefined;
    if (held !== undefined) return held;
    const registry = this.#registry(name);
    const ask = <T>(question: () => Promise<T>): Promise<T> => this.#options.guards.ask(name.registry, question);
    const { repository } = name;
    const { stop } = this.#options;
    const fileOf = (sizeBytes: number): ManifestFile => ({ path: `sha256:${sha256}`, sizeBytes, digests: { sha256 } });
    const told = this.#sizes.get(sha256);
    // A digest opens nothing by itself: what is here because others may have it is given only where the registry has it too.
    const isTold = told !== undefined && (isIts || !(await fills.hasAny(fileOf(told), told)));
    const asking = (): Promise<number> => ask(() => registry.blobBytes(repository, sha256, stop));
    const sizeBytes = isTold ? told : await inTime(this.#once(`${as} ${sha256}`, asking), false, signal);
    this.#sizes.set(sha256, sizeBytes);
    const here = isTold ? undefined : await this.#options.held.content({ sha256 }, sizeBytes, used);
    if (here !== undefined) return here;
    const source = await inTime(
      ask(() => registry.source(repository, sha256, stop)),
      false,
      signal,
    );
    return fills.content(fileOf(sizeBytes), sizeBytes, () => ({ sources: [source] }), used);
  }

  /** A question that was answered is not asked again; of many that wait for it one asks. */
  #once(key: string, ask: () => Promise<number>): Promise<number> {
    const known = this.#confirmed.get(key);
    if (known !== undefined) return known;
    const asked = ask();
    if (this.#confirmed.size >= MAX_CONFIRMED) this.#confirmed.clear();
    this.#confirmed.set(key, asked);
    asked.catch(() => this.#confirmed.delete(key));
    return asked;
  }

  async tags(name: ImageName, signal: AbortSignal): Promise<KeptTags> {
    const registry = this.#registry(name);
    const about = `${name.registry}/${name.repository}`;
    const { value, ...told } = await this.#tags.get({
      about,
      caller: '',
      ask: async (stop) => {
        const askedAtMs = this.#options.now();
        const tags = await this.#options.guards.ask(name.registry, () => registry.tags(name.repository, stop));
        await this.#options.store.documents.write(TAGS, about, { askedAtMs, tags } satisfies TagsDocument);
        return { value: tags, isPublic: true };
      },
      kept: () => this.#keptTags(about),
      signal,
    });
    return { tags: value, ...told };
  }

  async #keptTags(
    about: string,
  ): Promise<{ readonly value: readonly string[]; readonly askedAtMs: number } | undefined> {
    const read = await this.#options.store.documents.read(TAGS, about);
    if (read.status !== 'ok') return undefined;
    const { askedAtMs, tags } = (read.value ?? {}) as Partial<TagsDocument>;
    const isList = Array.isArray(tags) && tags.every((tag) => typeof tag === 'string');
    return typeof askedAtMs === 'number' && isList ? { value: tags, askedAtMs } : undefined;
  }

  #registry({ registry, repository }: ImageName): Registry {
    const found = this.#options.registryOf(registry);
    if (found === undefined) throw new SluiceError('REPOSITORY_NOT_FOUND', { host: registry, repository });
    return found;
  }

  /** For everybody who waits for it: that one of them leaves ends nothing. */
  #ask(key: string, name: ImageName, reference: string, accept: string | undefined): Promise<RawManifest> {
    const asking = this.#asking.get(key) ?? this.#askRegistry(key, name, reference, accept);
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
  ): Promise<RawManifest> {
    const { store, now, stop } = this.#options;
    const registry = this.#registry(name);
    const manifest = await this.#options.guards.ask(name.registry, () =>
      registry.manifest(name.repository, reference, accept, stop),
    );
    const { sha256, mediaType, bytes } = manifest;
    // A tag means whatever comes: what nobody understands must not take the place of what is here.
    if (!isImageManifest(bytes))
      throw new SluiceError('BAD_MANIFEST', { host: registry.id, reason: `${reference} is no manifest` });
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
    if (typeof sha256 !== 'string') return undefined;
    try {
      if ((await store.blobState(sha256)) === 'unproven') await store.proveBlob(sha256);
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
