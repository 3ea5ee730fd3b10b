import { createHash, timingSafeEqual } from 'node:crypto';
import { broken, untrusted } from '../signature-fault.js';
import { hashOf, isSignedBy, parseAlgorithm, type SignatureAlgorithm } from './algorithm.js';
import { parseCertificate, type Certificate } from './certificate.js';
import { childrenOf, DerCursor, integerOf, objectIdOf, readAll, readDer, TAG, timeOf, type DerValue } from './der.js';
import { HASH_BY_OID, OID } from './object-ids.js';
import { validatePath } from './path.js';
import { PROFILES } from './profile.js';

/** A time stamp token (RFC 3161) whose arithmetic is right; whether its authority is believed is asked by `trustedTime`. */
interface Token {
  readonly atMs: number;
  readonly signer: Certificate;
  readonly others: readonly Certificate[];
}

/**
 * When these bytes existed, by a token that an authority below one of the roots signed.
 * @param token TimeStampToken, or the TimeStampResp around one
 * @returns milliseconds since 1970
 * @throws SignatureFault proof when it is of other bytes or broken, trust when nobody believes who made it
 */
export function trustedTime(token: Buffer, bytes: Buffer, roots: readonly Certificate[], nowMs: number): number {
  const { atMs, signer, others } = parseToken(token, bytes);
  if (atMs > nowMs + MOST_SKEW_MS) throw untrusted('a time stamp of the future');
  validatePath({
    ...{ leaf: signer, others, roots, atMs, nowMs, profile: PROFILES['time-stamping'], lists: [] },
    expiry: 'enforce',
    revocation: 'skip',
  });
  return atMs;
}

const MOST_SKEW_MS = 60_000;

function parseToken(bytes: Buffer, stamped: Buffer): Token {
  const signed = signedDataIn(bytes);
  const cursor = new DerCursor(childrenOf(signed));
  cursor.next(TAG.integer);
  cursor.next(TAG.set);
  const [contentType, wrapped] = childrenOf(cursor.next(TAG.sequence));
  const certificates = cursor.optional(0xa0);
  cursor.optional(0xa1);
  const [signerInfo, another] = childrenOf(cursor.next(TAG.set), TAG.set);
  cursor.end();
  if (objectIdOf(contentType) !== OID.timestampInfo || wrapped?.tag !== 0xa0)
    throw broken('a token without a time stamp');
  if (signerInfo === undefined || another !== undefined) throw broken('a token without exactly one signer');
  const content = readDer(readDer(wrapped.content).content).raw;
  const all = readAll(certificates?.content ?? Buffer.of())
    .filter(({ tag }) => tag === TAG.sequence)
    .map(({ raw }) => parseCertificate(raw));
  return { atMs: timeIn(content, stamped), signer: signerOf(signerInfo, all, content), others: all };
}

/** ContentInfo of SignedData; a TimeStampResp has a status before it. */
function signedDataIn(bytes: Buffer): DerValue {
  const [first, second] = childrenOf(readDer(bytes));
  if (first?.tag === TAG.sequence) {
    const [status] = childrenOf(first);
    if (second === undefined || integerOf(status).some((octet) => octet > 1))
      throw broken('a time stamp that was refused');
    return signedDataIn(second.raw);
  }
  if (objectIdOf(first) !== OID.signedData || second?.tag !== 0xa0) throw broken('not a time stamp token');
  return readDer(second.content);
}

function timeIn(content: Buffer, stamped: Buffer): number {
  const info = new DerCursor(childrenOf(readDer(content)));
  info.next(TAG.integer);
  info.next(TAG.objectId);
  const [algorithm, imprint] = childrenOf(info.next(TAG.sequence));
  if (algorithm === undefined || imprint?.tag !== TAG.octetString) throw broken('a time stamp of nothing');
  if (!areEqual(createHash(hashOf(algorithm)).update(stamped).digest(), imprint.content))
    throw broken('the time stamp is of another signature');
  info.next(TAG.integer);
  return timeOf(info.next(TAG.generalizedTime));
}

function signerOf(info: DerValue, certificates: readonly Certificate[], content: Buffer): Certificate {
  const cursor = new DerCursor(childrenOf(info));
  cursor.next(TAG.integer);
  const named = cursor.any();
  const digest = hashOf(cursor.next(TAG.sequence));
  const signedAttributes = cursor.next(0xa0);
  const algorithm = cmsAlgorithm(cursor.next(TAG.sequence), digest);
  const signature = cursor.next(TAG.octetString).content;
  const signer = certificates.find((one) => isNamed(one, named));
  if (signer === undefined) throw broken('a token without the certificate of its signer');
  checkAttributes(signedAttributes, createHash(digest).update(content).digest(), signer);
  // What is signed is the same with the tag of a SET (RFC 5652, 5.4).
  const attributes = Buffer.concat([Buffer.of(TAG.set), signedAttributes.raw.subarray(1)]);
  if (!isSignedBy(attributes, signature, algorithm, signer.publicKey))
    throw broken('the signature of the time stamp is wrong');
  return signer;
}

/** CMS may name the key's kind only; the hash is then that of the digest. */
function cmsAlgorithm(value: DerValue, hash: string): SignatureAlgorithm {
  const [id] = childrenOf(value);
  return objectIdOf(id) === OID.rsaEncryption ? { family: 'rsa', hash } : parseAlgorithm(value);
}

function isNamed(certificate: Certificate, named: DerValue): boolean {
  if (named.tag === 0x80) return certificate.extensions.subjectKeyId?.equals(named.content) === true;
  const [issuer, serial] = childrenOf(named);
  return (
    certificate.issuer.equals(issuer?.raw ?? Buffer.of()) && certificate.serial === integerOf(serial).toString('hex')
  );
}

/** The attributes bind the content and the signer's certificate (RFC 3161, 2.4.2; RFC 5816). */
function checkAttributes(attributes: DerValue, contentDigest: Buffer, signer: Certificate): void {
  const byType = new Map<string, DerValue>();
  for (const attribute of childrenOf(attributes, 0xa0)) {
    const [type, values] = childrenOf(attribute);
    const [value, more] = values === undefined ? [] : childrenOf(values, TAG.set);
    const id = objectIdOf(type);
    if (value === undefined || more !== undefined || byType.has(id)) throw broken('a token with an attribute twice');
    byType.set(id, value);
  }
  if (objectIdOf(byType.get(OID.contentType)) !== OID.timestampInfo) throw broken('a token of something else');
  const digest = byType.get(OID.messageDigest);
  if (digest?.tag !== TAG.octetString || !areEqual(digest.content, contentDigest))
    throw broken('the time stamp was changed');
  const bound = byType.get(OID.signingCertificateV2);
  if (bound === undefined) throw untrusted('a token that does not bind its signer’s certificate by SHA-256');
  const [list] = childrenOf(bound);
  const [first] = list === undefined ? [] : childrenOf(list);
  const parts = first === undefined ? [] : childrenOf(first);
  const named = parts[0]?.tag === TAG.sequence ? HASH_BY_OID.get(objectIdOf(childrenOf(parts[0])[0])) : 'sha256';
  const value = parts.find(({ tag }) => tag === TAG.octetString);
  if (named === undefined || value === undefined) throw broken('a token that binds no certificate');
  if (!areEqual(createHash(named).update(signer.der).digest(), value.content))
    throw broken('the token is bound to another certificate');
}

function areEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
