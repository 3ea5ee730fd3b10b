import { constants, sign, verify, type KeyObject } from 'node:crypto';
import { broken, untrusted } from '../../signature-fault.js';
import { curveHash } from '../keys.js';
import type { SignedThing } from '../signed-thing.js';

/** A signature of Notation, in either of its forms. */
export interface NotationSignature extends SignedThing {
  readonly payload: Buffer;
  /** When it stops to count, as the signer says; milliseconds since 1970. */
  readonly expiresMs: number | undefined;
}

export const PAYLOAD_TYPE = 'application/vnd.cncf.notary.payload.v1+json';
export const SCHEME = 'io.cncf.notary.signingScheme';
export const SIGNING_TIME = 'io.cncf.notary.signingTime';
export const AGENT = 'io.cncf.notary.signingAgent';
/** The signer's own certificate signs, and the signer's own clock says when. */
export const X509_SCHEME = 'notary.x509';
export const EXPIRY = 'io.cncf.notary.expiry';
export const STAMP = 'io.cncf.notary.timestampSignature';
const UNDERSTOOD = [SCHEME, EXPIRY, 'io.cncf.notary.authenticSigningTime'];
const SALT_BYTES: Readonly<Record<string, number>> = { sha256: 32, sha384: 48, sha512: 64 };

export interface NotationAlgorithm {
  readonly hash: string;
  readonly keys: (key: KeyObject) => boolean;
}

/** Which hash an algorithm means, and for which keys (Notation, signature-specification). */
export const ALGORITHMS: Readonly<Record<string, NotationAlgorithm>> = {
  PS256: { hash: 'sha256', keys: (key) => key.asymmetricKeyDetails?.modulusLength === 2048 },
  PS384: { hash: 'sha384', keys: (key) => key.asymmetricKeyDetails?.modulusLength === 3072 },
  PS512: { hash: 'sha512', keys: (key) => key.asymmetricKeyDetails?.modulusLength === 4096 },
  ES256: { hash: 'sha256', keys: (key) => curveHash(key) === 'sha256' },
  ES384: { hash: 'sha384', keys: (key) => curveHash(key) === 'sha384' },
  ES512: { hash: 'sha512', keys: (key) => curveHash(key) === 'sha512' },
};

export interface NotationHeaders {
  readonly payloadType: string;
  readonly scheme: string;
  readonly critical: readonly string[];
  readonly hasExpiry: boolean;
}

/** What has to hold of the protected headers in both forms. @throws SignatureFault */
export function checkHeaders({ payloadType, scheme, critical, hasExpiry }: NotationHeaders): void {
  if (payloadType !== PAYLOAD_TYPE) throw broken('a payload of another type');
  // Another scheme has another source of time, which is not believed here.
  if (scheme !== X509_SCHEME) throw untrusted(`the signing scheme ${scheme}`);
  const unknown = critical.find((name) => !UNDERSTOOD.includes(name));
  if (unknown !== undefined) throw untrusted(`a critical header that is not known (${unknown})`);
  if (!critical.includes(SCHEME) || (hasExpiry && !critical.includes(EXPIRY)))
    throw broken('headers that must be critical and are not');
}

export function isSignedBy(bytes: Buffer, signature: Buffer, algorithm: NotationAlgorithm, key: KeyObject): boolean {
  const { hash } = algorithm;
  if (!algorithm.keys(key)) return false;
  if (key.asymmetricKeyType === 'ec') return verify(hash, bytes, { key, dsaEncoding: 'ieee-p1363' }, signature);
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: SALT_BYTES[hash] ?? 0 };
  return key.asymmetricKeyType === 'rsa' && verify(hash, bytes, { key, ...padding }, signature);
}

/** The one algorithm that Notation has for a key; undefined where it has none (RSA of other lengths, Ed25519). */
export function algorithmOf(key: KeyObject): string | undefined {
  return Object.entries(ALGORITHMS).find(([, { keys }]) => keys(key))?.[0];
}

/** The raw signature, as `isSignedBy` takes it. */
export function signWith(bytes: Buffer, algorithm: string, key: KeyObject): Buffer {
  const hash = ALGORITHMS[algorithm]?.hash ?? '';
  if (key.asymmetricKeyType === 'ec') return sign(hash, bytes, { key, dsaEncoding: 'ieee-p1363' });
  return sign(hash, bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: SALT_BYTES[hash] ?? 0 });
}
