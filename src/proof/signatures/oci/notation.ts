import { constants, verify, type KeyObject } from 'node:crypto';
import { parseCertificate } from '../../certificates/certificate.js';
import { broken, untrusted } from '../../signature-fault.js';
import { fromBase64, fromBase64Url } from '../base64.js';
import { asText, has, listIn, objectIn, parseObject, textIn } from '../fields.js';
import { curveHash } from '../keys.js';
import type { SignedThing } from '../signed-thing.js';

/** A signature of Notation in its JWS form. */
export interface NotationSignature extends SignedThing {
  readonly payload: Buffer;
  /** When it stops to count, as the signer says; milliseconds since 1970. */
  readonly expiresMs: number | undefined;
}

const PAYLOAD_TYPE = 'application/vnd.cncf.notary.payload.v1+json';
const SCHEME = 'io.cncf.notary.signingScheme';
const EXPIRY = 'io.cncf.notary.expiry';
const STAMP = 'io.cncf.notary.timestampSignature';
const UNDERSTOOD = [SCHEME, EXPIRY, 'io.cncf.notary.authenticSigningTime'];
const SALT_BYTES: Readonly<Record<string, number>> = { sha256: 32, sha384: 48, sha512: 64 };

/** Which hash an algorithm of JWS means, and for which keys (Notation, signature-specification). */
const ALGORITHMS: Readonly<Record<string, { readonly hash: string; readonly keys: (key: KeyObject) => boolean }>> = {
  PS256: { hash: 'sha256', keys: (key) => key.asymmetricKeyDetails?.modulusLength === 2048 },
  PS384: { hash: 'sha384', keys: (key) => key.asymmetricKeyDetails?.modulusLength === 3072 },
  PS512: { hash: 'sha512', keys: (key) => key.asymmetricKeyDetails?.modulusLength === 4096 },
  ES256: { hash: 'sha256', keys: (key) => curveHash(key) === 'sha256' },
  ES384: { hash: 'sha384', keys: (key) => curveHash(key) === 'sha384' },
  ES512: { hash: 'sha512', keys: (key) => curveHash(key) === 'sha512' },
};

/** @throws SignatureFault proof */
export function parseNotation(bytes: Buffer): NotationSignature {
  const envelope = parseObject(bytes, 'the envelope');
  const [protectedText, payloadText] = [textIn(envelope, 'protected'), textIn(envelope, 'payload')];
  const header = parseObject(fromBase64Url(protectedText), 'the protected header');
  if (textIn(header, 'cty') !== PAYLOAD_TYPE) throw broken('a payload of another type');
  const algorithm = ALGORITHMS[textIn(header, 'alg')];
  if (algorithm === undefined) throw untrusted(`the algorithm ${textIn(header, 'alg')}`);
  // Another scheme has another source of time, which is not believed here.
  if (textIn(header, SCHEME) !== 'notary.x509') throw untrusted(`the signing scheme ${textIn(header, SCHEME)}`);
  const critical = has(header, 'crit') ? listIn(header, 'crit').map((one) => asText(one, 'crit')) : [];
  const unknown = critical.find((name) => !UNDERSTOOD.includes(name));
  if (unknown !== undefined) throw untrusted(`a critical header that is not known (${unknown})`);
  if (!critical.includes(SCHEME) || (has(header, EXPIRY) && !critical.includes(EXPIRY)))
    throw broken('headers that must be critical and are not');
  const open = objectIn(envelope, 'header');
  const [leaf, ...others] = listIn(open, 'x5c').map((one) => parseCertificate(fromBase64(asText(one, 'x5c'))));
  if (leaf === undefined) throw broken('a signature without a certificate');
  const signedBytes = Buffer.from(`${protectedText}.${payloadText}`);
  const signature = fromBase64Url(textIn(envelope, 'signature'));
  const payload = fromBase64Url(payloadText);
  return {
    ...{ signedBytes, loggedBytes: signedBytes, signature, payload, logEntries: [] },
    signer: { kind: 'certificate', leaf, others },
    timestamps: has(open, STAMP) ? [fromBase64(textIn(open, STAMP))] : [],
    isSignedWith: (key) => algorithm.keys(key) && isSigned(signedBytes, signature, algorithm.hash, key),
    expiresMs: has(header, EXPIRY) ? timeIn(textIn(header, EXPIRY)) : undefined,
  };
}

function isSigned(bytes: Buffer, signature: Buffer, hash: string, key: KeyObject): boolean {
  if (key.asymmetricKeyType === 'ec') return verify(hash, bytes, { key, dsaEncoding: 'ieee-p1363' }, signature);
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: SALT_BYTES[hash] ?? 0 };
  return key.asymmetricKeyType === 'rsa' && verify(hash, bytes, { key, ...padding }, signature);
}

function timeIn(text: string): number {
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw broken('a time that is none');
  return ms;
}

/** That the payload is about this manifest. @throws SignatureFault proof */
export function checkNotationPayload(
  payload: Buffer,
  manifest: { readonly sha256: string; readonly sizeBytes: number },
): void {
  const target = objectIn(parseObject(payload, 'the payload'), 'targetArtifact');
  if (textIn(target, 'digest') !== `sha256:${manifest.sha256}` || target.get('size') !== manifest.sizeBytes)
    throw broken('the signature is of another image');
}
