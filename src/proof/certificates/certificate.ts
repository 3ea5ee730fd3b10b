import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { broken } from '../signature-fault.js';
import { parseAlgorithm, type SignatureAlgorithm } from './algorithm.js';
import {
  booleanOf,
  childrenOf,
  DerCursor,
  expectTag,
  integerOf,
  objectIdOf,
  octetsOfBits,
  readDer,
  TAG,
} from './der.js';
import { smallIntegerOf, timeOf, type DerValue } from './der.js';
import { readExtensions, type Extensions } from './extensions.js';
import { nameText } from './names.js';

/** A certificate (RFC 5280) as it is written; nothing is judged yet. */
export interface Certificate {
  readonly der: Buffer;
  /** What was signed. */
  readonly tbs: Buffer;
  readonly algorithm: SignatureAlgorithm;
  readonly signature: Buffer;
  readonly version: number;
  /** Hexadecimal. */
  readonly serial: string;
  /** DER of the names. */
  readonly issuer: Buffer;
  readonly subject: Buffer;
  /** The subject as RFC 4514 writes it. */
  readonly subjectText: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly publicKey: KeyObject;
  /** DER of the SubjectPublicKeyInfo. */
  readonly keyInfo: Buffer;
  readonly extensions: Extensions;
  /** SHA-256 of the DER, hexadecimal. */
  readonly fingerprint: string;
}

const MOST_BYTES = 64 * 1024;

/** @throws SignatureFault proof for what is not a certificate, trust for algorithms that are not accepted */
export function parseCertificate(der: Buffer): Certificate {
  if (der.length > MOST_BYTES) throw broken(`a certificate of ${der.length} bytes`);
  const outer = new DerCursor(childrenOf(readDer(der)));
  const tbs = outer.next(TAG.sequence);
  const outerAlgorithm = outer.next(TAG.sequence);
  const signature = octetsOfBits(outer.next(TAG.bitString));
  outer.end();
  const inner = new DerCursor(childrenOf(tbs));
  const version = versionOf(inner.optional(0xa0));
  const serial = integerOf(inner.next(TAG.integer)).toString('hex');
  const innerAlgorithm = inner.next(TAG.sequence);
  if (!innerAlgorithm.raw.equals(outerAlgorithm.raw)) throw broken('a certificate with two signature algorithms');
  const issuer = inner.next(TAG.sequence).raw;
  const [notBefore, notAfter, noMore] = childrenOf(inner.next(TAG.sequence));
  if (noMore !== undefined) throw broken('a validity of three times');
  const subject = inner.next(TAG.sequence).raw;
  const keyInfo = inner.next(TAG.sequence).raw;
  inner.optional(0x81);
  inner.optional(0x82);
  const extensions = inner.optional(0xa3);
  inner.end();
  if (extensions !== undefined && version !== 3) throw broken('extensions in an old certificate');
  return {
    ...{ der, tbs: tbs.raw, signature, version, serial, issuer, subject, keyInfo },
    algorithm: parseAlgorithm(outerAlgorithm),
    subjectText: nameText(subject),
    notBeforeMs: timeOf(notBefore),
    notAfterMs: timeOf(notAfter),
    publicKey: readKey(keyInfo),
    extensions: readExtensions(extensions === undefined ? [] : extensionsIn(readDer(extensions.content))),
    fingerprint: createHash('sha256').update(der).digest('hex'),
  };
}

function versionOf(value: DerValue | undefined): number {
  if (value === undefined) return 1;
  const version = smallIntegerOf(readDer(value.content)) + 1;
  if (version !== 2 && version !== 3) throw broken(`a certificate of version ${version}`);
  return version;
}

export interface RawExtension {
  readonly id: string;
  readonly isCritical: boolean;
  readonly value: Buffer;
}

/** Extensions of a certificate or CRL. The same one twice is refused. */
export function extensionsIn(list: DerValue): readonly RawExtension[] {
  const found = new Map<string, RawExtension>();
  for (const one of childrenOf(list)) {
    const cursor = new DerCursor(childrenOf(one));
    const id = objectIdOf(cursor.next(TAG.objectId));
    const critical = cursor.optional(TAG.boolean);
    const value = expectTag(cursor.any(), TAG.octetString).content;
    cursor.end();
    if (found.has(id)) throw broken(`the extension ${id} twice`);
    found.set(id, { id, isCritical: critical !== undefined && booleanOf(critical), value });
  }
  return [...found.values()];
}

function readKey(keyInfo: Buffer): KeyObject {
  try {
    return createPublicKey({ key: keyInfo, format: 'der', type: 'spki' });
  } catch {
    throw broken('a public key that cannot be read');
  }
}

const PEM = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----/g;

/** The DER of every PEM block of a label, in order. Text between them is left out, as everybody does. */
export function pemBlocks(text: string, label: string): readonly Buffer[] {
  return [...text.matchAll(PEM)]
    .filter(([, found]) => found === label)
    .map(([, , body = '']) => Buffer.from(body, 'base64'));
}

/** The certificates of a file: PEM, or one in DER. @throws SignatureFault when there is none */
export function readCertificates(bytes: Buffer): readonly Certificate[] {
  const blocks = pemBlocks(bytes.toString('latin1'), 'CERTIFICATE');
  const found = (blocks.length === 0 && bytes[0] === TAG.sequence ? [bytes] : blocks).map(parseCertificate);
  if (found.length === 0) throw broken('no certificate in it');
  return found;
}

export function certificatePem({ der }: Certificate): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
