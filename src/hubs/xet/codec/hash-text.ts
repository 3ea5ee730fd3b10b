import { SluiceError } from '../../../base/index.js';

/** Bytes of every hash in Xet. */
export const HASH_BYTES = 32;

/**
 * A hash as Xet writes it in JSON, URLs and Merkle nodes: its bytes as four little-endian 64-bit numbers, 16 hex digits each. So within each
 * group of eight the bytes stand in reverse.
 */
export function hashText(hash: Uint8Array): string {
  return Buffer.from(turned(hash)).toString('hex');
}

/** @throws SluiceError INTERNAL for what is not 64 hex digits: texts from outside are checked where they come in */
export function parseHashText(text: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new SluiceError('INTERNAL', { reason: 'not the text of a Xet hash' });
  return turned(Buffer.from(text, 'hex'));
}

function turned(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes, (_, index) => bytes[(index & ~7) | (7 - (index & 7))] ?? 0);
}
