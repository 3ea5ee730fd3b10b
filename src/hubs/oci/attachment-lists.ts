import { asArray, asObject, asString, field, type JsonObject } from '../fields.js';
import { parseDigest } from './names.js';

export interface Referrer {
  /** SHA-256 of its manifest, hexadecimal. */
  readonly sha256: string;
  /** Undefined where the registry does not tell. */
  readonly artifactType: string | undefined;
}

/** The manifests that an index names; those with digests of other kinds are left out. Undefined when it is no index: none would be another thing to say. */
export function parseReferrers(value: unknown): readonly Referrer[] | undefined {
  const list = field(asObject(value), 'manifests');
  // Go writes an empty list so.
  const entries = list === null ? [] : asArray(list);
  const found: Referrer[] = [];
  for (const entry of entries ?? []) {
    const descriptor = asObject(entry);
    const digest = asString(field(descriptor, 'digest'));
    const type = field(descriptor, 'artifactType');
    if (digest === undefined || !isDigest(digest) || !isTextOrNone(type)) return undefined;
    const sha256 = parseDigest(digest);
    if (sha256 !== undefined) found.push({ sha256, artifactType: asString(type) });
  }
  return entries === undefined ? undefined : found;
}

export interface AttachedLayer {
  readonly sha256: string;
  readonly mediaType: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface AttachedManifest {
  readonly artifactType: string | undefined;
  readonly layers: readonly AttachedLayer[];
}

/** What a manifest is made of; undefined when it is none. An index of manifests has no layers of its own. */
export function parseAttached(value: unknown): AttachedManifest | undefined {
  const content = asObject(value);
  const config = asString(field(asObject(field(content, 'config')), 'mediaType'));
  const artifactType = asString(field(content, 'artifactType')) ?? config;
  const list = field(content, 'layers');
  if (list === undefined && asArray(field(content, 'manifests')) !== undefined) return { artifactType, layers: [] };
  const layers: AttachedLayer[] = [];
  for (const entry of asArray(list) ?? []) {
    const descriptor = asObject(entry);
    const mediaType = asString(field(descriptor, 'mediaType'));
    const digest = asString(field(descriptor, 'digest'));
    if (mediaType === undefined || digest === undefined || !isDigest(digest)) return undefined;
    const sha256 = parseDigest(digest);
    if (sha256 !== undefined) layers.push({ sha256, mediaType, annotations: annotationsIn(descriptor) });
  }
  return asArray(list) === undefined ? undefined : { artifactType, layers };
}

function annotationsIn(descriptor: JsonObject | undefined): Readonly<Record<string, string>> {
  const entries = Object.entries(asObject(field(descriptor, 'annotations')) ?? {});
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** Of any algorithm (OCI image 1.1, "Digests"). */
function isDigest(text: string): boolean {
  return /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]{32,256}$/.test(text);
}

function isTextOrNone(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'string';
}
