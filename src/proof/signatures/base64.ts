import { broken } from '../signature-fault.js';

/** Base64 as it is written once and in no other way (RFC 4648, 4, with padding). @throws SignatureFault proof */
export function fromBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw broken('base64 that is not canonical');
  return bytes;
}

/** The same for URLs, without padding (RFC 7515). */
export function fromBase64Url(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) throw broken('base64url that is not canonical');
  return bytes;
}
