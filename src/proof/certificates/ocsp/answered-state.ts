import { isSignedBy, keyWeakness } from '../algorithm.js';
import type { Certificate } from '../certificate.js';
import { OID } from '../object-ids.js';
import { isTakenBack, listedState, type JudgedTimes, type Revoked, type RevocationList } from '../revocation.js';
import { keyHash, nameHash } from './certificate-id.js';
import type { OcspAnswer, OcspResponse } from './response.js';

export interface AnsweredState {
  readonly said: 'good' | Revoked | undefined;
  /** Why what was said of this certificate does not count. */
  readonly because?: string;
}

interface Said {
  readonly lists: readonly RevocationList[];
  readonly responses: readonly OcspResponse[];
}

/** A responder's clock may be ahead of ours by this much. */
const MOST_SKEW_MS = 60_000;

/** What answers that are believed and in date say of a certificate (RFC 6960, 3.2). */
export function answeredState(
  certificate: Certificate,
  issuer: Certificate,
  { lists, responses }: Said,
  times: JudgedTimes,
): AnsweredState {
  let because: string | undefined;
  let isGood = false;
  for (const response of responses) {
    for (const answer of response.answers) {
      if (!isOf(answer, certificate, issuer)) continue;
      const doubt = doubtOfTime(answer, response, times.nowMs) ?? doubtOfResponder(response, issuer, lists, times);
      because ??= doubt ?? (answer.status === 'unknown' ? 'its responder does not know it' : undefined);
      if (doubt !== undefined || answer.status === 'unknown') continue;
      if (answer.status === 'good') isGood = true;
      else if (isTakenBack(answer.status, times)) return { said: answer.status };
      else isGood = true;
    }
  }
  return { said: isGood ? 'good' : undefined, ...(because === undefined ? {} : { because }) };
}

function isOf({ hash, issuerNameHash, issuerKeyHash, serial }: OcspAnswer, of: Certificate, by: Certificate): boolean {
  return (
    hash !== undefined &&
    serial === of.serial &&
    issuerNameHash.equals(nameHash(by, hash)) &&
    issuerKeyHash.equals(keyHash(by, hash))
  );
}

/** An answer that does not say how long it holds is believed where it was just given to us, and by its nonce to nobody before. */
function doubtOfTime(answer: OcspAnswer, { isFresh }: OcspResponse, nowMs: number): string | undefined {
  const { thisUpdateMs, nextUpdateMs } = answer;
  if (thisUpdateMs > nowMs + MOST_SKEW_MS) return 'the answer is of the future';
  if (nextUpdateMs === undefined) return isFresh === true ? undefined : 'the answer does not say how long it holds';
  return nextUpdateMs < nowMs ? 'the answer is out of date' : undefined;
}

/** Who may answer for an authority: it, or whom it names for that in a certificate it signed itself (4.2.2.2). */
function doubtOfResponder(
  response: OcspResponse,
  issuer: Certificate,
  lists: readonly RevocationList[],
  times: JudgedTimes,
): string | undefined {
  const isSignerOf = ({ publicKey }: Certificate): boolean =>
    isSignedBy(response.tbs, response.signature, response.algorithm, publicKey);
  if (isNamed(issuer, response) && isSignerOf(issuer)) return undefined;
  const responder = response.certificates.find(
    (one) => isNamed(one, response) && isDelegate(one, issuer, times.nowMs) && isSignerOf(one),
  );
  if (responder === undefined) return `the answer is by nobody who may answer for ${issuer.subjectText}`;
  // Without a word that it need not be looked up, whoever stole its key could answer for ever.
  if (responder.extensions.all.has(OID.ocspNoCheck)) return undefined;
  return listedState(responder, issuer, lists, times) === 'good'
    ? undefined
    : 'nobody says whether its responder is revoked';
}

function isNamed(one: Certificate, { responder: { by, bytes } }: OcspResponse): boolean {
  return by === 'name' ? one.subject.equals(bytes) : keyHash(one, 'sha1').equals(bytes);
}

function isDelegate(one: Certificate, issuer: Certificate, nowMs: number): boolean {
  const { extendedKeyUsage, keyUsage, unknownCritical } = one.extensions;
  return (
    one.issuer.equals(issuer.subject) &&
    extendedKeyUsage?.purposes.includes(OID.ocspSigning) === true &&
    keyUsage?.bits.has('digitalSignature') !== false &&
    unknownCritical.every((id) => id === OID.ocspNoCheck) &&
    one.notBeforeMs <= nowMs &&
    nowMs < one.notAfterMs + 1000 &&
    keyWeakness(one.publicKey) === undefined &&
    isSignedBy(one.tbs, one.signature, one.algorithm, issuer.publicKey)
  );
}
