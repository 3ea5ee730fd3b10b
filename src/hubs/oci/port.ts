import type { CacheStatus, Content } from '../face.js';
import type { RawManifest } from './registry.js';

/** A repository of a registry, as the mirror names both. */
export interface ImageName {
  /** `docker.io`, `ghcr.io`, …; `ollama` is the registry of Ollama. */
  readonly registry: string;
  readonly repository: string;
}

export interface KeptManifest extends RawManifest {
  readonly status: CacheStatus;
  /** Why a stale one is given. */
  readonly warning?: string;
}

export interface KeptTags {
  readonly tags: readonly string[];
  readonly status: CacheStatus;
  readonly warning?: string;
}

/** What the faces of registries may ask for. Throws SluiceErrors like `Catalogue`. */
export interface ImageCatalogue {
  /** `reference` is a tag or `sha256:…`; `accept` is what the client can read. */
  manifest(name: ImageName, reference: string, accept: string | undefined, signal: AbortSignal): Promise<KeptManifest>;
  blob(name: ImageName, sha256: string, signal: AbortSignal): Promise<Content>;
  tags(name: ImageName, signal: AbortSignal): Promise<KeptTags>;
}
