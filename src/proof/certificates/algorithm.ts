import { constants, verify, type KeyObject } from 'node:crypto';
import { untrusted } from '../signature-fault.js';
import { childrenOf, DerCursor, objectIdOf, readDer, smallIntegerOf, type DerValue } from './der.js';
import { HASH_BY_OID, OID } from './object-ids.js';

/** A signature's algorithm as an AlgorithmIdentifier names it. MD5 and SHA-1 are none. */
export type SignatureAlgorithm =
  | { readonly family: 'rsa'; readonly hash: string; readonly pssSaltBytes?: number }
  | { readonly family: 'ec'; readonly hash: string }
  | { readonly family: 'ed25519' };

const PLAIN: ReadonlyMap<string, SignatureAlgorithm> = new Map<string, SignatureAlgorithm>([
  [OID.rsaSha256, { family: 'rsa', hash: 'sha256' }],
  [OID.rsaSha384, { family: 'rsa', hash: 'sha384' }],
  [OID.rsaSha512, { family: 'rsa', hash: 'sha512' }],
  [OID.ecdsaSha256, { family: 'ec', hash: 'sha256' }],
  [OID.ecdsaSha384, { family: 'ec', hash: 'sha384' }],
  [OID.ecdsaSha512, { family: 'ec', hash: 'sha512' }],
  [OID.ed25519, { family: 'ed25519' }],
]);

/** @throws SignatureFault trust for an algorithm that is not accepted, proof for a broken one */
export function parseAlgorithm(value: DerValue): SignatureAlgorithm {
  const [id, parameters] = childrenOf(value);
  const name = objectIdOf(id);
  const plain = PLAIN.get(name);
  if (plain !== undefined) return plain;
  if (name === OID.rsaPss && parameters !== undefined) return parsePss(parameters);
  throw untrusted(`a signature by an algorithm that is not accepted (${name})`);
}

/** RSASSA-PSS-params (RFC 4055): one hash for all, stated salt. What its defaults would mean is SHA-1. */
function parsePss(parameters: DerValue): SignatureAlgorithm {
  const cursor = new DerCursor(childrenOf(parameters));
  const inside = (value: DerValue | undefined): DerValue => {
    if (value === undefined) throw untrusted('RSA-PSS by SHA-1');
    return readDer(value.content);
  };
  const hash = hashOf(inside(cursor.optional(0xa0)));
  const [mask, maskHash] = childrenOf(inside(cursor.optional(0xa1)));
  const salt = cursor.optional(0xa2);
  const pssSaltBytes = salt === undefined ? 20 : smallIntegerOf(readDer(salt.content));
  cursor.end();
  if (objectIdOf(mask) !== OID.mgf1 || maskHash === undefined || hashOf(maskHash) !== hash || pssSaltBytes > 512)
    throw untrusted('RSA-PSS with unusual parameters');
  return { family: 'rsa', hash, pssSaltBytes };
}

/** The name that Node has for the hash of an AlgorithmIdentifier. */
export function hashOf(value: DerValue): string {
  const [id] = childrenOf(value);
  const hash = HASH_BY_OID.get(objectIdOf(id));
  if (hash === undefined) throw untrusted('a hash that is not accepted');
  return hash;
}

/** Whether `signature` over `bytes` was made with the key, by that algorithm and no other. */
export function isSignedBy(bytes: Buffer, signature: Buffer, algorithm: SignatureAlgorithm, key: KeyObject): boolean {
  if (key.asymmetricKeyType !== algorithm.family) return false;
  if (algorithm.family === 'ed25519') return verify(null, bytes, key, signature);
  if (algorithm.family === 'ec') return verify(algorithm.hash, bytes, { key, dsaEncoding: 'der' }, signature);
  const padding =
    algorithm.pssSaltBytes === undefined
      ? { padding: constants.RSA_PKCS1_PADDING }
      : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: algorithm.pssSaltBytes };
  return verify(algorithm.hash, bytes, { key, ...padding }, signature);
}

const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];
const LEAST_RSA_BITS = 2048;
const MOST_RSA_BITS = 16_384;

/** Why a key is not strong enough to say anything, or undefined. Curves written out instead of named are none. */
export function keyWeakness(key: KeyObject): string | undefined {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  const kind = key.asymmetricKeyType;
  if (kind === 'ed25519') return undefined;
  if (kind === 'ec')
    return CURVES.includes(namedCurve ?? '') ? undefined : `a key on the curve ${namedCurve ?? 'of its own'}`;
  if (kind !== 'rsa') return `a key of the kind ${kind ?? 'unknown'}`;
  const isFit = modulusLength >= LEAST_RSA_BITS && modulusLength <= MOST_RSA_BITS;
  return isFit ? undefined : `an RSA key of ${modulusLength} bits`;
}
