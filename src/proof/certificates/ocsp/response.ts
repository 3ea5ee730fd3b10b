import { broken } from '../../signature-fault.js';
import { parseAlgorithm, type SignatureAlgorithm } from '../algorithm.js';
import { extensionsIn, parseCertificate, pemBlocks, type Certificate } from '../certificate.js';
import {
  childrenOf,
  DerCursor,
  expectTag,
  integerOf,
  objectIdOf,
  octetsOfBits,
  readDer,
  TAG,
  timeOf,
  type DerValue,
} from '../der.js';
import { HASH_BY_OID, OID } from '../object-ids.js';
import type { Revoked } from '../revocation.js';

/** Who signed an answer, as it says: the DER of a name, or the SHA-1 of a key. */
export interface ResponderId {
  readonly by: 'name' | 'key';
  readonly bytes: Buffer;
}

/** What a responder says of one certificate. */
export interface OcspAnswer {
  /** The hash that names the issuer; undefined for one that is not known here. */
  readonly hash: string | undefined;
  readonly issuerNameHash: Buffer;
  readonly issuerKeyHash: Buffer;
  /** Hexadecimal. */
  readonly serial: string;
  readonly status: 'good' | 'unknown' | Revoked;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number | undefined;
}

/** An answer of OCSP (RFC 6960, 4.2) as it is written; nobody is believed yet. */
export interface OcspResponse {
  readonly tbs: Buffer;
  readonly algorithm: SignatureAlgorithm;
  readonly signature: Buffer;
  readonly responder: ResponderId;
  readonly answers: readonly OcspAnswer[];
  /** Those that came along: the responder's may be among them. */
  readonly certificates: readonly Certificate[];
  readonly nonce: Buffer | undefined;
  /** The nonce is that of a question just asked: nobody has kept this answer. */
  readonly isFresh?: boolean;
}

/** Of an answer. Those of public authorities have some 2 KiB. */
export const MOST_OCSP_BYTES = 64 * 1024;
const MOST_CERTIFICATES = 20;
const REFUSALS = ['', 'malformedRequest', 'internalError', 'tryLater', '', 'sigRequired', 'unauthorized'];

/** @throws SignatureFault proof for what is none, and for the answer that there is no answer; trust for algorithms that are not accepted */
export function parseOcspResponse(der: Buffer): OcspResponse {
  if (der.length > MOST_OCSP_BYTES) throw broken(`an OCSP response of ${der.length} bytes`);
  const outer = new DerCursor(childrenOf(readDer(der)));
  const [status = 255, more] = outer.next(TAG.enumerated).content;
  if (status !== 0 || more !== undefined)
    throw broken(`the responder refused to answer (${REFUSALS[status] ?? status})`);
  const wrapped = outer.next(0xa0);
  outer.end();
  const [type, bytes, rest] = childrenOf(readDer(wrapped.content));
  if (objectIdOf(type) !== OID.ocspBasic || rest !== undefined) throw broken('an OCSP response of another kind');
  return parseBasic(readDer(expectTag(bytes, TAG.octetString).content));
}

function parseBasic(basic: DerValue): OcspResponse {
  const cursor = new DerCursor(childrenOf(basic));
  const tbs = cursor.next(TAG.sequence);
  const algorithm = parseAlgorithm(cursor.next(TAG.sequence));
  const signature = octetsOfBits(cursor.next(TAG.bitString));
  const certificates = cursor.optional(0xa0);
  cursor.end();
  const came = certificates === undefined ? [] : childrenOf(readDer(certificates.content));
  if (came.length > MOST_CERTIFICATES) throw broken(`more than ${MOST_CERTIFICATES} certificates`);
  const inner = new DerCursor(childrenOf(tbs));
  const version = inner.optional(0xa0);
  if (version !== undefined && !integerOf(readDer(version.content)).equals(Buffer.of(0)))
    throw broken('an OCSP response of another version');
  const responder = responderOf(inner.any());
  inner.next(TAG.generalizedTime);
  const answers = childrenOf(inner.next(TAG.sequence)).map(parseAnswer);
  const extensions = inner.optional(0xa1);
  inner.end();
  return {
    ...{ tbs: tbs.raw, algorithm, signature, responder, answers },
    certificates: came.map(({ raw }) => parseCertificate(raw)),
    nonce: nonceIn(extensions),
  };
}

function responderOf(value: DerValue): ResponderId {
  if (value.tag === 0xa1) return { by: 'name', bytes: expectTag(readDer(value.content), TAG.sequence).raw };
  if (value.tag === 0xa2) return { by: 'key', bytes: expectTag(readDer(value.content), TAG.octetString).content };
  throw broken('an OCSP response of nobody');
}

function parseAnswer(answer: DerValue): OcspAnswer {
  const cursor = new DerCursor(childrenOf(answer));
  const id = new DerCursor(childrenOf(cursor.next(TAG.sequence)));
  const hash = objectIdOf(childrenOf(id.next(TAG.sequence))[0]);
  const issuerNameHash = id.next(TAG.octetString).content;
  const issuerKeyHash = id.next(TAG.octetString).content;
  const serial = integerOf(id.next(TAG.integer)).toString('hex');
  id.end();
  const status = statusOf(cursor.any());
  const thisUpdateMs = timeOf(cursor.next(TAG.generalizedTime));
  const next = cursor.optional(0xa0);
  understood(cursor.optional(0xa1));
  cursor.end();
  return {
    // SHA-1 only names an issuer here, and most responders know no other name for it: what they say is believed for its signature.
    hash: hash === OID.sha1 ? 'sha1' : HASH_BY_OID.get(hash),
    ...{ issuerNameHash, issuerKeyHash, serial, status, thisUpdateMs },
    nextUpdateMs: next === undefined ? undefined : timeOf(expectTag(readDer(next.content), TAG.generalizedTime)),
  };
}

function statusOf(value: DerValue): OcspAnswer['status'] {
  if (value.tag === 0x80 && value.content.length === 0) return 'good';
  if (value.tag === 0x82 && value.content.length === 0) return 'unknown';
  const cursor = new DerCursor(childrenOf(value, 0xa1));
  const atMs = timeOf(cursor.next(TAG.generalizedTime));
  const reason = cursor.optional(0xa0);
  cursor.end();
  if (reason === undefined) return { atMs, reason: 0 };
  const { content } = expectTag(readDer(reason.content), TAG.enumerated);
  const [code, more] = content;
  if (code === undefined || more !== undefined) throw broken('a reason that is none');
  return { atMs, reason: code };
}

function nonceIn(extensions: DerValue | undefined): Buffer | undefined {
  const nonce = understood(extensions).find(({ id }) => id === OID.ocspNonce);
  return nonce === undefined ? undefined : expectTag(readDer(nonce.value), TAG.octetString).content;
}

/** Extensions, none of them critical without being known. */
function understood(wrapped: DerValue | undefined): ReturnType<typeof extensionsIn> {
  const found = wrapped === undefined ? [] : extensionsIn(readDer(wrapped.content));
  const unknown = found.find(({ id, isCritical }) => isCritical && id !== OID.ocspNonce);
  if (unknown !== undefined) throw broken(`a critical extension that is not known (${unknown.id})`);
  return found;
}

/** The answers of a file: one in DER, as `openssl ocsp -respout` writes it, or PEM. @throws SignatureFault */
export function readOcspResponses(bytes: Buffer): readonly OcspResponse[] {
  const blocks = pemBlocks(bytes.toString('latin1'), 'OCSP RESPONSE');
  const found = (blocks.length === 0 && bytes[0] === TAG.sequence ? [bytes] : blocks).map(parseOcspResponse);
  if (found.length === 0) throw broken('no OCSP response in it');
  return found;
}
