import type { KeyObject } from 'node:crypto';
import type { Certificate } from '../../certificates/certificate.js';
import { broken, untrusted } from '../../signature-fault.js';
import { keyFingerprint } from '../keys.js';

/** What is signed: a manifest in a registry, an index included, by its bytes. */
export interface ImageToSign {
  readonly mediaType: string;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface ImageSigner {
  readonly key: KeyObject;
  /** Leaf first; with them the signer is a certificate, without them a key. */
  readonly certificates: readonly Certificate[];
  readonly nowMs: number;
}

/** A signature as a registry keeps it: one blob, in a manifest that calls the image its subject. */
export interface ImageSignature {
  readonly artifactType: string;
  /** Media type of the manifest's config, which is the empty object. */
  readonly configType: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
  /** Of the manifest. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** The leaf, if a certificate signs: it is that of the key, and in date. @throws SignatureFault */
export function checkSigner({ key, certificates, nowMs }: ImageSigner): Certificate | undefined {
  const [leaf] = certificates;
  if (leaf === undefined) return undefined;
  if (keyFingerprint(leaf.publicKey) !== keyFingerprint(key))
    throw broken('the first certificate is not that of the key');
  if (nowMs < leaf.notBeforeMs || nowMs > leaf.notAfterMs)
    throw untrusted(`the certificate is valid from ${iso(leaf.notBeforeMs)} to ${iso(leaf.notAfterMs)}`);
  return leaf;
}

const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 19) + 'Z';
