import { SluiceError, toSluiceError } from '../../base/index.js';
import { parseAttached, parseReferrers } from './attachment-lists.js';
import type { RawManifest, Registry } from './registry.js';

/** A signature that a registry keeps for a manifest. Its bytes have the digest by which they are named; nothing else is known of them. */
export interface Attachment {
  /** `bundle`: Sigstore's. `simple-signing`: the payload of cosign 1 and 2, with the rest in annotations. `notation`: JWS or COSE. */
  readonly kind: 'bundle' | 'simple-signing' | 'notation';
  /** `sha256:…` of the blob. */
  readonly source: string;
  /** SHA-256 of the manifest that names it, hexadecimal. */
  readonly manifest: string;
  readonly bytes: Buffer;
  readonly annotations: Readonly<Record<string, string>>;
}

const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const NOTATION = 'application/vnd.cncf.notary.signature';
const ENVELOPES = ['application/jose+json', 'application/cose'];
const SIMPLE = 'application/vnd.dev.cosign.simplesigning.v1+json';
const MOST_ATTACHMENTS = 64;
const MOST_BYTES = 4 * 2 ** 20;
/** Of all that one manifest has: whoever may write to the registry can hang anything there. */
const MOST_BYTES_IN_ALL = 16 * 2 ** 20;

/**
 * What signs a manifest: its referrers (OCI 1.1; the tag of referrers where a registry has no such list), and cosign's own tag.
 * @throws SluiceError BAD_MANIFEST for lists and manifests that nobody can read
 */
export async function findAttachments(
  registry: Registry,
  repository: string,
  sha256: string,
  signal: AbortSignal,
): Promise<readonly Attachment[]> {
  const found: Attachment[] = [];
  const asked = { registry, repository, signal };
  const isFull = (): boolean =>
    found.length >= MOST_ATTACHMENTS || found.reduce((sum, { bytes }) => sum + bytes.length, 0) > MOST_BYTES_IN_ALL;
  const add = async (manifest: RawManifest): Promise<void> => {
    for await (const one of attachmentsIn(asked, manifest)) {
      found.push(one);
      if (isFull()) return;
    }
  };
  for (const digest of await referrersOf(asked, sha256)) {
    if (isFull()) break;
    await add(await registry.manifest(repository, `sha256:${digest}`, undefined, signal));
  }
  const tagged = await orAbsent(registry.manifest(repository, `sha256-${sha256}.sig`, undefined, signal));
  if (tagged !== undefined && !isFull()) await add(tagged);
  return found;
}

interface Asked {
  readonly registry: Registry;
  readonly repository: string;
  readonly signal: AbortSignal;
}

/** Manifests that call this their subject. Some registries do not filter, so the kind is looked at here. */
async function referrersOf({ registry, repository, signal }: Asked, sha256: string): Promise<readonly string[]> {
  const pages =
    (await orAbsent(registry.referrers(repository, sha256, signal))) ??
    [(await orAbsent(registry.manifest(repository, `sha256-${sha256}`, undefined, signal)))?.bytes].filter(
      (bytes) => bytes !== undefined,
    );
  const all = pages.flatMap((page) => parseReferrers(parse(page)) ?? refuse(registry, 'the list of referrers is none'));
  return all
    .filter(({ artifactType: type }) => type === undefined || type === BUNDLE || type === NOTATION)
    .map((one) => one.sha256);
}

/** The layers of a manifest that are signatures. */
async function* attachmentsIn(
  { registry, repository, signal }: Asked,
  manifest: RawManifest,
): AsyncGenerator<Attachment> {
  const attached = parseAttached(parse(manifest.bytes)) ?? refuse(registry, 'a signature’s manifest is none');
  for (const { sha256, mediaType, annotations } of attached.layers.slice(0, MOST_ATTACHMENTS)) {
    const kind = kindOf(attached.artifactType, mediaType);
    if (kind === undefined) continue;
    const bytes = await registry.smallBlob(repository, sha256, MOST_BYTES, signal);
    yield { kind, source: `sha256:${sha256}`, manifest: manifest.sha256, bytes, annotations };
  }
}

/** Nonsense is not "no signatures": who wants one has to know that nobody could look. */
function refuse(registry: Registry, reason: string): never {
  throw new SluiceError('BAD_MANIFEST', { host: registry.id, reason });
}

function kindOf(artifactType: string | undefined, mediaType: string): Attachment['kind'] | undefined {
  if (mediaType === BUNDLE) return 'bundle';
  if (mediaType === SIMPLE) return 'simple-signing';
  return artifactType === NOTATION && ENVELOPES.includes(mediaType) ? 'notation' : undefined;
}

async function orAbsent<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (thrown) {
    const error = toSluiceError(thrown);
    if (error.exitCode === 3) return undefined;
    throw error;
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    return undefined;
  }
}

export interface ImageReference {
  /** Base URL of the registry. */
  readonly registry: string;
  readonly repository: string;
  /** A tag or `sha256:…`. */
  readonly reference: string;
}

/**
 * `oci:host/repository:tag` or `…@sha256:…`. A registry on this machine is asked by http, as Docker does.
 * @throws SluiceError BAD_REF
 */
export function parseImageReference(text: string): ImageReference {
  const match =
    /^oci:([a-z0-9.-]+(?::\d{1,5})?)\/([a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::(\w[\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/i.exec(
      text,
    );
  const [, host = '', repository = '', tag = 'latest', digest] = match ?? [];
  if (match === null) throw new SluiceError('BAD_REF', { ref: text, reason: 'write oci:host/repository:tag' });
  const isHere = /^(?:localhost|127(?:\.\d+){3})(?::|$)/.test(host);
  const name = host === 'docker.io' ? 'registry-1.docker.io' : host;
  return { registry: `${isHere ? 'http' : 'https'}://${name}`, repository, reference: digest ?? tag };
}
