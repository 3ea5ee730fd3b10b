import type { Certificate } from '../certificate.js';
import { childrenOf, objectIdOf, readDer } from '../der.js';
import { parseGeneralName } from '../names.js';
import { OID } from '../object-ids.js';
import { keyHash, nameHash } from './certificate-id.js';

const SHA1 = Buffer.from('300906052b0e03021a0500', 'hex');
const NONCE = Buffer.from('06092b0601050507300102', 'hex');

/**
 * The DER of an OCSPRequest for one certificate (RFC 6960, 4.1), unsigned. The issuer is named by SHA-1: every responder knows that.
 * @param nonce 16 to 32 bytes (RFC 9654)
 */
export function ocspRequest(certificate: Certificate, issuer: Certificate, nonce: Buffer): Buffer {
  const serial = Buffer.from(certificate.serial, 'hex');
  const names = [nameHash(issuer, 'sha1'), keyHash(issuer, 'sha1')].map((hash) => wrap(0x04, hash));
  const asked = wrap(0x30, wrap(0x30, wrap(0x30, SHA1, ...names, wrap(0x02, serial))));
  const extension = wrap(0x30, NONCE, wrap(0x04, wrap(0x04, nonce)));
  return wrap(0x30, wrap(0x30, asked, wrap(0xa2, wrap(0x30, extension))));
}

function wrap(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const length = body.length < 0x80 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  if (body.length >= 0x80 && body.length < 0x100) length.splice(0, 2, 0x81);
  return Buffer.concat([Buffer.of(tag, ...length), body]);
}

/** Where a certificate says that its authority answers (RFC 5280, 4.2.2.1): the first such address. @throws SignatureFault proof */
export function responderUrl({ extensions }: Certificate): string | undefined {
  const info = extensions.all.get(OID.authorityInfo);
  if (info === undefined) return undefined;
  for (const access of childrenOf(readDer(info.value))) {
    const [method, location] = childrenOf(access);
    if (objectIdOf(method) !== OID.ocsp || location === undefined) continue;
    const { kind, text } = parseGeneralName(location);
    if (kind === 'uri' && /^https?:\/\//i.test(text) && URL.canParse(text)) return text;
  }
  return undefined;
}
