import { broken } from '../signature-fault.js';
import { isSignedBy, parseAlgorithm, type SignatureAlgorithm } from './algorithm.js';
import { extensionsIn, pemBlocks, type Certificate } from './certificate.js';
import { childrenOf, DerCursor, integerOf, octetsOfBits, readDer, TAG, timeOf } from './der.js';
import { OID } from './object-ids.js';

/** A certificate revocation list (RFC 5280, 5), complete and direct; not judged yet. */
export interface RevocationList {
  readonly issuer: Buffer;
  readonly tbs: Buffer;
  readonly algorithm: SignatureAlgorithm;
  readonly signature: Buffer;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number | undefined;
  /** By serial number in hexadecimal. */
  readonly revoked: ReadonlyMap<string, Revoked>;
  /** A critical extension means that it is not the whole list of its issuer. */
  readonly isWhole: boolean;
}

const MOST_BYTES = 16 * 2 ** 20;

/** @throws SignatureFault */
export function parseRevocationList(der: Buffer): RevocationList {
  if (der.length > MOST_BYTES) throw broken(`a revocation list of ${der.length} bytes`);
  const outer = new DerCursor(childrenOf(readDer(der)));
  const tbs = outer.next(TAG.sequence);
  const algorithm = outer.next(TAG.sequence);
  const signature = octetsOfBits(outer.next(TAG.bitString));
  outer.end();
  const inner = new DerCursor(childrenOf(tbs));
  inner.optional(TAG.integer);
  if (!inner.next(TAG.sequence).raw.equals(algorithm.raw)) throw broken('a revocation list with two algorithms');
  const issuer = inner.next(TAG.sequence).raw;
  const thisUpdateMs = timeOf(inner.any());
  const nextUpdate = inner.optional(TAG.utcTime, TAG.generalizedTime);
  const entries = inner.optional(TAG.sequence);
  const extensions = inner.optional(0xa0);
  inner.end();
  const listed = extensions === undefined ? [] : extensionsIn(readDer(extensions.content));
  return {
    ...{ issuer, tbs: tbs.raw, signature, thisUpdateMs, algorithm: parseAlgorithm(algorithm) },
    nextUpdateMs: nextUpdate === undefined ? undefined : timeOf(nextUpdate),
    revoked: new Map((entries === undefined ? [] : childrenOf(entries)).map(parseEntry)),
    isWhole: listed.every(({ isCritical }) => !isCritical),
  };
}

function parseEntry(entry: ReturnType<typeof readDer>): readonly [string, Revoked] {
  const cursor = new DerCursor(childrenOf(entry));
  const serial = integerOf(cursor.next(TAG.integer)).toString('hex');
  const atMs = timeOf(cursor.any());
  const extensions = cursor.optional(TAG.sequence);
  cursor.end();
  const reason = extensions === undefined ? undefined : extensionsIn(extensions).find(({ id }) => id === OID.crlReason);
  return [serial, { atMs, reason: reason === undefined ? 0 : (reason.value.at(-1) ?? 0) }];
}

/** The lists of a file: PEM, or one in DER. */
export function readRevocationLists(bytes: Buffer): readonly RevocationList[] {
  const blocks = pemBlocks(bytes.toString('latin1'), 'X509 CRL');
  const found = (blocks.length === 0 && bytes[0] === TAG.sequence ? [bytes] : blocks).map(parseRevocationList);
  if (found.length === 0) throw broken('no revocation list in it');
  return found;
}

/** Reasons after which earlier signatures stay good: affiliationChanged, superseded, cessationOfOperation. */
const ORDERLY = [3, 4, 5];

/** When a certificate was taken back and why: `reason` is a CRLReason, 0 where none is given. */
export interface Revoked {
  readonly atMs: number;
  readonly reason: number;
}

/** What a signature is judged at: when it was made, as far as somebody trusted says so, and now. */
export interface JudgedTimes {
  readonly atMs: number;
  readonly nowMs: number;
}

/** Whether a certificate that was taken back is nothing for what was signed at `atMs` either. */
export function isTakenBack({ reason, atMs: fromMs }: Revoked, { atMs }: JudgedTimes): boolean {
  return !(ORDERLY.includes(reason) && fromMs > atMs);
}

/** What the lists of the issuer that are its own, whole and in date say; undefined where there is none. */
export function listedState(
  certificate: Certificate,
  issuer: Certificate,
  lists: readonly RevocationList[],
  times: JudgedTimes,
): 'good' | Revoked | undefined {
  const usage = issuer.extensions.keyUsage;
  if (usage?.bits.has('cRLSign') === false) return undefined;
  const { nowMs } = times;
  const valid = lists.filter(
    (list) =>
      list.isWhole &&
      list.issuer.equals(issuer.subject) &&
      list.thisUpdateMs <= nowMs &&
      list.nextUpdateMs !== undefined &&
      list.nextUpdateMs >= nowMs &&
      isSignedBy(list.tbs, list.signature, list.algorithm, issuer.publicKey),
  );
  for (const { revoked } of valid) {
    const entry = revoked.get(certificate.serial);
    if (entry !== undefined && isTakenBack(entry, times)) return entry;
  }
  return valid.length === 0 ? undefined : 'good';
}
