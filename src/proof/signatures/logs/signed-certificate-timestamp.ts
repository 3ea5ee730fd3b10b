import { createHash, type KeyObject } from 'node:crypto';
import type { Certificate } from '../../certificates/certificate.js';
import { childrenOf, expectTag, objectIdOf, readDer, TAG } from '../../certificates/der.js';
import { OID } from '../../certificates/object-ids.js';
import { broken, untrusted } from '../../signature-fault.js';
import { isSignatureOf } from '../keys.js';
import { logKeyId } from './log-entry.js';

/**
 * That a certificate was shown to a log of certificates before it was issued (RFC 6962, 3.3), by a time stamp in the certificate itself.
 * @throws SignatureFault trust when no known log vouches for it
 */
export function checkCertificateLogged(
  certificate: Certificate,
  issuer: Certificate,
  logKeys: readonly KeyObject[],
): void {
  const extension = certificate.extensions.all.get(OID.signedTimestamps);
  if (extension === undefined) throw untrusted('the certificate was not shown to a log of certificates');
  const list = expectTag(readDer(extension.value), TAG.octetString).content;
  const before = precertificate(certificate);
  const isKnown = timestampsIn(list).some((stamp) =>
    logKeys.some(
      (key) =>
        logKeyId(key).equals(stamp.logId) && isSignatureOf(signedData(stamp, before, issuer), stamp.signature, key),
    ),
  );
  if (!isKnown) throw untrusted('no known log of certificates vouches for the certificate');
}

interface Stamp {
  readonly logId: Buffer;
  readonly timestamp: Buffer;
  readonly extensions: Buffer;
  readonly signature: Buffer;
}

function timestampsIn(list: Buffer): readonly Stamp[] {
  const found: Stamp[] = [];
  if (list.length < 2 || list.readUInt16BE(0) !== list.length - 2)
    throw broken('a list of time stamps of another length');
  for (let at = 2; at < list.length;) {
    if (at + 2 > list.length) throw broken('a time stamp that is cut off');
    const end = at + 2 + list.readUInt16BE(at);
    if (end > list.length) throw broken('a time stamp that is cut off');
    found.push(parseStamp(list.subarray(at + 2, end)));
    at = end;
  }
  return found;
}

function parseStamp(bytes: Buffer): Stamp {
  const extensionBytes = bytes.length < 43 ? 0 : bytes.readUInt16BE(41);
  const at = 43 + extensionBytes;
  if (bytes[0] !== 0 || bytes.length < at + 4 || bytes.readUInt16BE(at + 2) !== bytes.length - at - 4)
    throw broken('a time stamp of another form');
  return {
    logId: bytes.subarray(1, 33),
    timestamp: bytes.subarray(33, 41),
    extensions: bytes.subarray(41, at),
    signature: bytes.subarray(at + 4),
  };
}

function signedData({ timestamp, extensions }: Stamp, before: Buffer, issuer: Certificate): Buffer {
  const length = Buffer.alloc(3);
  length.writeUIntBE(before.length, 0, 3);
  const issuerKey = createHash('sha256').update(issuer.keyInfo).digest();
  return Buffer.concat([Buffer.of(0, 0), timestamp, Buffer.of(0, 1), issuerKey, length, before, extensions]);
}

/** What the log saw: the certificate's content without the time stamps. */
function precertificate({ tbs }: Certificate): Buffer {
  const parts = childrenOf(readDer(tbs)).map((part) => {
    if (part.tag !== 0xa3) return part.raw;
    const kept = childrenOf(readDer(part.content)).filter(
      (extension) => objectIdOf(childrenOf(extension)[0]) !== OID.signedTimestamps,
    );
    return encode(0xa3, encode(TAG.sequence, Buffer.concat(kept.map(({ raw }) => raw))));
  });
  return encode(TAG.sequence, Buffer.concat(parts));
}

function encode(tag: number, content: Buffer): Buffer {
  if (content.length < 0x80) return Buffer.concat([Buffer.of(tag, content.length), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const short = length.subarray(length.findIndex((octet) => octet > 0));
  return Buffer.concat([Buffer.of(tag, 0x80 | short.length), short, content]);
}
