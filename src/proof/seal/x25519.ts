import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import { bech32Bytes } from './bech32.js';
import { TAG_BYTES } from './chunks.js';

const SPKI = Buffer.from('302a300506032b656e032100', 'hex');
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** A public key from PEM (SubjectPublicKeyInfo) or `age1…`; undefined for anything else. */
export function parseX25519Public(text: string): KeyObject | undefined {
  const line = text.trim();
  const raw = bech32Bytes(line, 'age');
  if (raw !== undefined) return raw.length === 32 ? publicFromRaw(raw) : undefined;
  if (!line.includes('-----BEGIN PUBLIC KEY-----')) return undefined;
  return ofX25519(() => createPublicKey(line));
}

/** A private key from PEM (PKCS #8) or a file of `age-keygen`; undefined for anything else. */
export function parseX25519Private(text: string): KeyObject | undefined {
  if (text.includes('-----BEGIN PRIVATE KEY-----')) return ofX25519(() => createPrivateKey(text.trim()));
  const line = text.split(/\r?\n/).find((each) => each.startsWith('AGE-SECRET-KEY-1'));
  const raw = line === undefined ? undefined : bech32Bytes(line.trim(), 'age-secret-key-');
  if (raw?.length !== 32) return undefined;
  return createPrivateKey({ key: Buffer.concat([PKCS8, raw]), format: 'der', type: 'pkcs8' });
}

/** The 32 bytes of a public key, or of the one that belongs to a private key. */
export function rawPublic(key: KeyObject): Buffer {
  const isPublic = key.type === 'public';
  return (isPublic ? key : createPublicKey(key)).export({ format: 'der', type: 'spki' }).subarray(SPKI.length);
}

/** Names a key in headers: the first 16 bytes of the SHA-256 of its 32, in hex. */
export function x25519KeyId(raw: Buffer): string {
  return createHash('sha256').update(raw).digest('hex').slice(0, 32);
}

export interface Wrapped {
  readonly epk: Buffer;
  readonly wrapped: Buffer;
}

/** Encrypts a file key for whoever has the private key. `ephemeral` is for vectors only. */
export function wrapForX25519(
  recipient: KeyObject,
  fileKey: Buffer,
  fileId: Buffer,
  ephemeral = generateKeyPairSync('x25519').privateKey,
): Wrapped {
  const epk = rawPublic(ephemeral);
  const key = wrapKey(
    diffieHellman({ privateKey: ephemeral, publicKey: recipient }),
    epk,
    rawPublic(recipient),
    fileId,
  );
  return { epk, wrapped: wrapUnder(key, fileKey, fileId) };
}

/** The file key; undefined where this is not the key that it was wrapped for, or what was wrapped is not what is here. */
export function unwrapWithX25519(identity: KeyObject, { epk, wrapped }: Wrapped, fileId: Buffer): Buffer | undefined {
  let shared: Buffer;
  try {
    // Refuses points of low order, whose shared secret everybody knows.
    shared = diffieHellman({ privateKey: identity, publicKey: publicFromRaw(epk) });
  } catch {
    return undefined;
  }
  return unwrapUnder(wrapKey(shared, epk, rawPublic(identity), fileId), wrapped, fileId);
}

/** AES-256-GCM under a key that is used once, hence a nonce of zeros; the file's id is additional data. */
export function wrapUnder(key: Buffer, fileKey: Buffer, fileId: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12)).setAAD(fileId);
  return Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
}

export function unwrapUnder(key: Buffer, wrapped: Buffer, fileId: Buffer): Buffer | undefined {
  const body = wrapped.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.alloc(12), { authTagLength: TAG_BYTES }).setAAD(fileId);
  decipher.setAuthTag(wrapped.subarray(body));
  const plain = decipher.update(wrapped.subarray(0, body));
  try {
    decipher.final();
    return plain;
  } catch {
    return undefined;
  }
}

function wrapKey(shared: Buffer, epk: Buffer, recipient: Buffer, fileId: Buffer): Buffer {
  const salt = Buffer.concat([fileId, epk, recipient]);
  return Buffer.from(hkdfSync('sha256', shared, salt, 'sluice-seal/1 X25519', 32));
}

function publicFromRaw(raw: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });
}

function ofX25519(read: () => KeyObject): KeyObject | undefined {
  try {
    const key = read();
    return key.asymmetricKeyType === 'x25519' ? key : undefined;
  } catch {
    return undefined;
  }
}
