import { createHash, createPrivateKey, createPublicKey, sign, verify, constants, type KeyObject } from 'node:crypto';
import { keyWeakness } from '../certificates/algorithm.js';
import { broken, untrusted } from '../signature-fault.js';

/** The hash that goes with each curve (FIPS 186-5 pairs; RFC 7518, OMS). */
const CURVE_HASHES: Readonly<Record<string, string>> = {
  prime256v1: 'sha256',
  secp384r1: 'sha384',
  secp521r1: 'sha512',
};

/** What people call a key: `ed25519`, `p256`, `p384`, `p521`, `rsa3072`. */
export function keyName(key: KeyObject): string {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  const curve = { prime256v1: 'p256', secp384r1: 'p384', secp521r1: 'p521' }[namedCurve ?? ''];
  return curve ?? (key.asymmetricKeyType === 'rsa' ? `rsa${modulusLength ?? ''}` : (key.asymmetricKeyType ?? '?'));
}

/** The hash for a key on a named curve; undefined for other keys. Never the bundle's choice. */
export function curveHash(key: KeyObject): string | undefined {
  return CURVE_HASHES[key.asymmetricKeyDetails?.namedCurve ?? ''];
}

/**
 * The public key of a PEM file (SubjectPublicKeyInfo).
 * @throws SignatureFault for what is no public key, or a weak one
 */
export function readPublicKey(pem: string | Buffer): KeyObject {
  const text = pem.toString();
  if (text.includes('PRIVATE KEY')) throw broken('a private key where a public one belongs');
  let key: KeyObject;
  try {
    key = createPublicKey(text);
  } catch {
    throw broken('not a public key in PEM');
  }
  return strong(key);
}

/** @throws SignatureFault for what is no private key, one that a passphrase protects, or a weak one */
export function readPrivateKey(pem: string | Buffer, passphrase?: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    throw broken(
      passphrase === undefined
        ? 'not a private key in PEM without a passphrase'
        : 'the passphrase does not open the key',
    );
  }
  return strong(key);
}

function strong(key: KeyObject): KeyObject {
  const weakness = keyWeakness(key);
  if (weakness !== undefined) throw untrusted(weakness);
  return key;
}

/** What OMS puts into `publicKey.hint`: SHA-256 of the PEM text. */
export function keyHint(key: KeyObject): string {
  return createHash('sha256').update(publicPem(key)).digest('hex');
}

/** SHA-256 of the SubjectPublicKeyInfo in DER, which is what names a key to people. */
export function keyFingerprint(key: KeyObject): string {
  const der = publicHalf(key).export({ format: 'der', type: 'spki' });
  return `sha256:${createHash('sha256').update(der).digest('hex')}`;
}

/** Everything that bundles call a key: what OMS does, and as cosign and the Sigstore libraries do, SHA-256 of the SubjectPublicKeyInfo in base64. */
export function keyHints(key: KeyObject): readonly string[] {
  const der = publicHalf(key).export({ format: 'der', type: 'spki' });
  return [keyHint(key), createHash('sha256').update(der).digest('base64')];
}

export function publicPem(key: KeyObject): string {
  return publicHalf(key).export({ format: 'pem', type: 'spki' }).toString();
}

export function publicHalf(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key;
}

export type RsaPadding = 'pss' | 'pkcs1';

/** A signature over bytes by what the key is: curves with their hash (DER), Ed25519 as it is, RSA with SHA-256 and the given padding. */
export function signBytes(bytes: Buffer, key: KeyObject, padding: RsaPadding = 'pss'): Buffer {
  if (key.asymmetricKeyType === 'ed25519') return sign(null, bytes, key);
  const hash = curveHash(key);
  if (hash !== undefined) return sign(hash, bytes, { key, dsaEncoding: 'der' });
  return sign('sha256', bytes, {
    key,
    ...paddingOf(padding),
    ...(padding === 'pss' ? { saltLength: SALT_BYTES } : {}),
  });
}

/** Whether the key made the signature; RSA by either padding and SHA-256, SHA-384 or SHA-512. */
export function isSignatureOf(bytes: Buffer, signature: Buffer, key: KeyObject): boolean {
  if (key.asymmetricKeyType === 'ed25519') return verify(null, bytes, key, signature);
  const hash = curveHash(key);
  if (hash !== undefined) return verify(hash, bytes, { key, dsaEncoding: 'der' }, signature);
  if (key.asymmetricKeyType !== 'rsa') return false;
  return RSA_HASHES.some((one) =>
    (['pss', 'pkcs1'] as const).some((padding) => verify(one, bytes, { key, ...paddingOf(padding) }, signature)),
  );
}

const RSA_HASHES = ['sha256', 'sha384', 'sha512'];
const SALT_BYTES = 32;

function paddingOf(padding: RsaPadding): { padding: number; saltLength?: number } {
  if (padding === 'pkcs1') return { padding: constants.RSA_PKCS1_PADDING };
  return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
}
