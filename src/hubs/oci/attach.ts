import { SluiceError } from '../../base/index.js';
import { parseJson } from '../../net/index.js';
import { asArray, asObject, asString, field, type JsonObject } from '../fields.js';
import type { RegistryWriter } from './registry-writer.js';

/** A blob to be kept in a manifest that calls another its subject. */
export interface NewReferrer {
  readonly artifactType: string;
  /** Media type of the manifest's config, which is the empty object. */
  readonly configType: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A layer of the manifest under a tag. */
export interface NewLayer {
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The manifest that something is attached to. */
export interface AttachTo {
  readonly writer: RegistryWriter;
  readonly repository: string;
  readonly mediaType: string;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const CREATED = 'org.opencontainers.image.created';
const MOST_TRIES = 3;
/** As many as are read (`attachments.ts`): more would be signatures that nobody sees. */
const MOST_ENTRIES = 64;

/**
 * Attaches a blob to a manifest by reference. Registries that keep no list of referrers get one under the tag that OCI has for that. Returns the reference that holds it.
 * @throws SluiceError
 */
export async function attachReferrer(
  to: AttachTo,
  { artifactType, configType, ...layer }: NewReferrer,
): Promise<string> {
  const { writer, repository, signal } = to;
  const annotations = { ...layer.annotations, [CREATED]: new Date(to.nowMs).toISOString().replace(/\.\d+/, '') };
  const manifest = json({
    schemaVersion: 2,
    mediaType: MANIFEST,
    artifactType,
    config: await put(to, configType, Buffer.from('{}')),
    layers: [await put(to, layer.mediaType, layer.bytes)],
    subject: { mediaType: to.mediaType, digest: `sha256:${to.sha256}`, size: to.sizeBytes },
    annotations,
  });
  const { sha256, isReferrer } = await writer.putManifest(repository, undefined, MANIFEST, manifest, signal);
  const digest = `sha256:${sha256}`;
  const entry = { mediaType: MANIFEST, digest, size: manifest.length, artifactType, annotations };
  if (!isReferrer) await listReferrer(to, digest, entry);
  return digest;
}

/** Attaches a layer to what stands under cosign's tag for the manifest, behind the layers that are there. Returns the tag. @throws SluiceError */
export async function attachTagged(to: AttachTo, { mediaType, bytes, annotations }: NewLayer): Promise<string> {
  const tag = `sha256-${to.sha256}.sig`;
  const layer = { ...(await put(to, mediaType, bytes)), annotations };
  await extend(to, tag, async (before) => {
    const layers = before === undefined ? [] : asArray(field(before, 'layers'));
    if (layers === undefined) throw nonsense(to, `${tag} is no manifest`);
    if (layers.some((one) => JSON.stringify(field(asObject(one), 'annotations')) === JSON.stringify(annotations)))
      return undefined;
    const all = bounded(to, [...layers, layer]);
    const config = await put(to, CONFIG, imageConfig(all));
    return { mediaType: MANIFEST, bytes: json({ schemaVersion: 2, mediaType: MANIFEST, config, layers: all }) };
  });
  return tag;
}

/** cosign 1 and 2 keep their signatures as an image, whose config names its layers. */
function imageConfig(layers: readonly unknown[]): Buffer {
  const created = '0001-01-01T00:00:00Z';
  const digests = layers.map((one) => asString(field(asObject(one), 'digest')) ?? '');
  const rootfs = { type: 'layers', diff_ids: digests };
  return json({ architecture: '', created, history: digests.map(() => ({ created })), os: '', rootfs, config: {} });
}

interface Tagged {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/**
 * Changes what stands under a tag. Registries cannot be asked to do that only if nobody else did meanwhile, so it is read again until it holds what was added.
 * `change` gives undefined where nothing is to be added.
 */
async function extend(
  { writer, repository, signal }: AttachTo,
  tag: string,
  change: (before: JsonObject | undefined) => Promise<Tagged | undefined>,
): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const bytes = await writer.find(repository, tag, signal);
    const changed = await change(bytes === undefined ? undefined : objectIn(bytes));
    if (changed === undefined) return;
    if (tries === MOST_TRIES)
      throw new SluiceError('BAD_RESPONSE', { host: writer.reader.id, reason: `it does not keep the tag ${tag}` });
    await writer.putManifest(repository, tag, changed.mediaType, changed.bytes, signal);
  }
}

/** The index under the tag of referrers with one more. */
async function listReferrer(to: AttachTo, digest: string, entry: unknown): Promise<void> {
  const tag = `sha256-${to.sha256}`;
  await extend(to, tag, async (before) => {
    const listed = before === undefined ? [] : asArray(field(before, 'manifests'));
    if (listed === undefined) throw nonsense(to, `${tag} is no list of referrers`);
    if (listed.some((one) => field(asObject(one), 'digest') === digest)) return undefined;
    const index = { ...before, schemaVersion: 2, mediaType: INDEX, manifests: bounded(to, [...listed, entry]) };
    return Promise.resolve({ mediaType: INDEX, bytes: json(index) });
  });
}

async function put({ writer, repository, signal }: AttachTo, mediaType: string, bytes: Buffer): Promise<Descriptor> {
  return { mediaType, digest: `sha256:${await writer.putBlob(repository, bytes, signal)}`, size: bytes.length };
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

function bounded(to: AttachTo, list: readonly unknown[]): readonly unknown[] {
  if (list.length > MOST_ENTRIES) throw nonsense(to, `more than ${MOST_ENTRIES} signatures of one image`);
  return list;
}

function nonsense({ writer }: AttachTo, reason: string): SluiceError {
  return new SluiceError('BAD_MANIFEST', { host: writer.reader.id, reason });
}

function objectIn(bytes: Buffer): JsonObject {
  const outcome = parseJson(bytes);
  return ('value' in outcome ? asObject(outcome.value) : undefined) ?? {};
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
