import type { Attachment } from '../hubs/index.js';
import type { Store } from '../store/index.js';

/** What a registry had as signatures of a manifest when it was asked. */
export interface KeptAttachments {
  /** Unix milliseconds. */
  readonly askedAtMs: number;
  readonly attachments: readonly Attachment[];
}

const COLLECTION = 'image-signatures';
const KINDS: ReadonlySet<unknown> = new Set<Attachment['kind']>(['bundle', 'simple-signing', 'notation']);
/** More is asked for anew each time. */
const MOST_KEPT_BYTES = 2 ** 20;

/** The signatures of a manifest as they are kept; undefined where there are none that can be read. `about`: `oci:host/name@sha256`. */
export async function readAttachments(store: Store, about: string): Promise<KeptAttachments | undefined> {
  const read = await store.documents.read(COLLECTION, about);
  if (read.status !== 'ok') return undefined;
  const { askedAtMs, attachments } = (read.value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof askedAtMs !== 'number' || !Array.isArray(attachments)) return undefined;
  const found = attachments.map(attachmentIn);
  return found.every((one) => one !== undefined) ? { askedAtMs, attachments: found } : undefined;
}

/** Keeps them, so that what was signed can be shown while the registry is away. */
export async function keepAttachments(store: Store, about: string, kept: KeptAttachments): Promise<void> {
  const { askedAtMs, attachments } = kept;
  if (attachments.reduce((sum, { bytes }) => sum + bytes.length, 0) > MOST_KEPT_BYTES) return;
  const written = attachments.map(({ bytes, ...rest }) => ({ ...rest, base64: bytes.toString('base64') }));
  await store.documents.write(COLLECTION, about, { askedAtMs, attachments: written });
}

function attachmentIn(value: unknown): Attachment | undefined {
  const { kind, source, manifest, annotations, base64 } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (!KINDS.has(kind) || typeof source !== 'string' || typeof manifest !== 'string') return undefined;
  if (typeof base64 !== 'string' || typeof annotations !== 'object' || annotations === null) return undefined;
  const texts = Object.entries(annotations).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  const bytes = Buffer.from(base64, 'base64');
  return { kind: kind as Attachment['kind'], source, manifest, bytes, annotations: Object.fromEntries(texts) };
}
