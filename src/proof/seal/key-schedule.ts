import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { coreBytes, macBytes, type SealCore, type SealHeader } from './header.js';

export const FILE_KEY_BYTES = 32;
const PREFIX_BYTES = 7;

/** What the payload is encrypted with. */
export interface PayloadKeys {
  readonly key: Buffer;
  /** First 7 bytes of every nonce. */
  readonly noncePrefix: Buffer;
  /** SHA-256 of the header's core: additional data of every chunk. */
  readonly coreHash: Buffer;
}

export function payloadKeys(fileKey: Buffer, core: SealCore): PayloadKeys {
  const coreHash = createHash('sha256').update(coreBytes(core)).digest();
  const salt = Buffer.from(core.fileId, 'base64');
  const derive = (label: string, bytes: number): Buffer =>
    Buffer.from(hkdfSync('sha256', fileKey, salt, Buffer.concat([Buffer.from(label), coreHash]), bytes));
  return {
    key: derive('sluice-seal/1 payload', 32),
    noncePrefix: derive('sluice-seal/1 nonce', PREFIX_BYTES),
    coreHash,
  };
}

/** Says that the whole header, list of recipients included, was written by somebody who has the file key. */
export function headerMac(fileKey: Buffer, header: Omit<SealHeader, 'mac'>): Buffer {
  const salt = Buffer.from(header.fileId, 'base64');
  const key = Buffer.from(hkdfSync('sha256', fileKey, salt, 'sluice-seal/1 header mac', 32));
  return createHmac('sha256', key).update(macBytes(header)).digest();
}

export function isMacRight(fileKey: Buffer, header: SealHeader): boolean {
  return timingSafeEqual(headerMac(fileKey, header), Buffer.from(header.mac, 'base64'));
}
