import { broken, SignatureFault, untrusted } from '../signature-fault.js';
import { fromBase64 } from './base64.js';
import { bundleIn, materialIn, type BundleMaterial } from './bundle.js';
import { has, objectIn, parseObject, textIn } from './fields.js';

/** A Sigstore bundle over the bytes of a file instead of a statement (`cosign sign-blob`, `sigstore sign`). */
export interface BlobBundle extends BundleMaterial {
  /** What the bundle says the file is, hexadecimal; the signature is over the file's bytes. */
  readonly sha256: string;
  readonly signature: Buffer;
}

/** Whether these bytes mean to be one. */
export function isBlobBundle(bytes: Buffer): boolean {
  try {
    return has(parseObject(bytes, 'the bundle'), 'messageSignature');
  } catch (thrown) {
    if (thrown instanceof SignatureFault) return false;
    throw thrown;
  }
}

/** @throws SignatureFault */
export function parseBlobBundle(bytes: Buffer): BlobBundle {
  const bundle = bundleIn(bytes);
  if (has(bundle, 'dsseEnvelope')) throw broken('a bundle with two contents');
  const message = objectIn(bundle, 'messageSignature');
  const digest = objectIn(message, 'messageDigest');
  const algorithm = textIn(digest, 'algorithm');
  if (algorithm !== 'SHA2_256') throw untrusted(`a bundle over a digest by ${algorithm}`);
  const value = fromBase64(textIn(digest, 'digest'));
  if (value.length !== 32) throw broken('a digest of another length');
  return {
    ...materialIn(bundle),
    sha256: value.toString('hex'),
    signature: fromBase64(textIn(message, 'signature')),
  };
}
