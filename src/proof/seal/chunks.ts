import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { SealCipher, SealCore } from './header.js';
import type { PayloadKeys } from './key-schedule.js';

export const TAG_BYTES = 16;
const NAMES = { 'AES-256-GCM': 'aes-256-gcm', 'CHACHA20-POLY1305': 'chacha20-poly1305' } as const;

/** An empty file has one chunk too: its tag says that nothing was cut off. */
export function chunkCount({ size, chunk }: SealCore): number {
  return Math.max(1, Math.ceil(size / chunk));
}

/** Bytes of the payload: every chunk is followed by its tag. */
export function payloadBytes(core: SealCore): number {
  return core.size + chunkCount(core) * TAG_BYTES;
}

/** Where a chunk stands in the payload, with its tag. */
export function sealedSpan(core: SealCore, index: number): { readonly startByte: number; readonly endByte: number } {
  const stride = core.chunk + TAG_BYTES;
  return { startByte: index * stride, endByte: Math.min(payloadBytes(core), (index + 1) * stride) };
}

/** Chunk `index` encrypted, its tag behind it. */
export function sealChunk(core: SealCore, keys: PayloadKeys, index: number, plain: Buffer): Buffer[] {
  const cipher = createCipheriv(cipherName(core.alg), keys.key, nonceOf(core, keys, index), {
    authTagLength: TAG_BYTES,
  });
  cipher.setAAD(keys.coreHash, { plaintextLength: plain.length });
  const body = cipher.update(plain);
  cipher.final();
  return [body, cipher.getAuthTag()];
}

/** The plaintext of a chunk with its tag; undefined when it is not what was sealed there. */
export function openChunk(core: SealCore, keys: PayloadKeys, index: number, sealed: Buffer): Buffer | undefined {
  const bodyBytes = sealed.length - TAG_BYTES;
  if (bodyBytes < 0) return undefined;
  const nonce = nonceOf(core, keys, index);
  const decipher = createDecipheriv(cipherName(core.alg), keys.key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(keys.coreHash, { plaintextLength: bodyBytes });
  decipher.setAuthTag(sealed.subarray(bodyBytes));
  const plain = decipher.update(sealed.subarray(0, bodyBytes));
  try {
    decipher.final();
    return plain;
  } catch {
    plain.fill(0);
    return undefined;
  }
}

/** STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): prefix, number, and whether it is the last, so that no chunk can be moved, left out or put at the end. */
function nonceOf(core: SealCore, { noncePrefix }: PayloadKeys, index: number): Buffer {
  const nonce = Buffer.alloc(12);
  noncePrefix.copy(nonce);
  nonce.writeUInt32BE(index, 7);
  nonce.writeUInt8(index === chunkCount(core) - 1 ? 1 : 0, 11);
  return nonce;
}

/** Node's types know both by the options of either. */
function cipherName(alg: SealCipher): 'aes-256-gcm' {
  return NAMES[alg] as 'aes-256-gcm';
}
