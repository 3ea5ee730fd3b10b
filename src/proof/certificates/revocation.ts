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
  readonly revoked: ReadonlyMap<string, { readonly atMs: number; readonly reason: number }>;
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

function parseEntry(entry: ReturnType<typeof readDer>): readonly [string, { atMs: number; reason: number }] {
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

/** `good`, or why not. Unknown is not good: no list of the issuer that is its own, whole and in date. */
export function revocationOf(
  certificate: Certificate,
  issuer: Certificate,
  lists: readonly RevocationList[],
  { atMs, nowMs }: { readonly atMs: number; readonly nowMs: number },
): string {
  const usage = issuer.extensions.keyUsage;
  const mayList = usage === undefined || usage.bits.has('cRLSign');
  const valid = lists.filter(
    (list) =>
      mayList &&
      list.isWhole &&
      list.issuer.equals(issuer.subject) &&
      list.thisUpdateMs <= nowMs &&
      list.nextUpdateMs !== undefined &&
      list.nextUpdateMs >= nowMs &&
      isSignedBy(list.tbs, list.signature, list.algorithm, issuer.publicKey),
  );
  for (const { revoked } of valid) {
    const entry = revoked.get(certificate.serial);
    if (entry !== undefined && !(ORDERLY.includes(entry.reason) && entry.atMs > atMs))
      return `revoked ${new Date(entry.atMs).toISOString()}`;
  }
  return valid.length === 0 ? 'nobody says whether it is revoked' : 'good';
}
