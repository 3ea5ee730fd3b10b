import { constants, createSign, createVerify, sign, verify, type KeyObject, type Verify } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { untrusted } from '../signature-fault.js';
import { curveHash, type RsaPadding } from './keys.js';

/** Ed25519 reads what it signs twice, so the file has to be held; larger ones are signed by a list of checksums. */
export const MOST_ED25519_BYTES = 64 * 2 ** 20;
const MOST_SIGNATURE_BYTES = 64 * 1024;

/**
 * A signature over the bytes of a file, as `openssl dgst -sign` and `openssl pkeyutl -sign -rawin` make it: ECDSA in DER with the hash of the curve, RSA with SHA-256, Ed25519.
 * @throws SignatureFault trust for a file too large for Ed25519
 */
export async function signFile(path: string, key: KeyObject, padding: RsaPadding): Promise<Buffer> {
  if (key.asymmetricKeyType === 'ed25519') return sign(null, await readWhole(path), key);
  const signer = createSign(curveHash(key) ?? 'sha256');
  for await (const block of createReadStream(path)) signer.update(block as Buffer);
  if (curveHash(key) !== undefined) return signer.sign({ key, dsaEncoding: 'der' });
  return signer.sign({ key, ...paddingOf(padding), ...(padding === 'pss' ? { saltLength: 32 } : {}) });
}

/** Which of the keys made a detached signature over the file, reading it once for all of them. */
export async function signerOfFile(
  path: string,
  signatureBytes: Buffer,
  keys: readonly KeyObject[],
): Promise<KeyObject | undefined> {
  const signature = decoded(signatureBytes);
  const whole = keys.some((key) => key.asymmetricKeyType === 'ed25519')
    ? await readWhole(path).catch(orNothing)
    : undefined;
  const verifiers = keys.flatMap(verifiersOf);
  if (verifiers.length > 0)
    for await (const block of createReadStream(path))
      for (const { verifier } of verifiers) verifier.update(block as Buffer);
  const found = verifiers.find(({ key, verifier, more }) => verifier.verify({ key, ...more }, signature))?.key;
  if (found !== undefined || whole === undefined) return found;
  return keys.find((key) => key.asymmetricKeyType === 'ed25519' && verify(null, whole, key, signature));
}

interface Attempt {
  readonly key: KeyObject;
  readonly verifier: Verify;
  readonly more: { readonly padding?: number; readonly dsaEncoding?: 'der' };
}

function verifiersOf(key: KeyObject): readonly Attempt[] {
  const hash = curveHash(key);
  if (hash !== undefined) return [{ key, verifier: createVerify(hash), more: { dsaEncoding: 'der' } }];
  if (key.asymmetricKeyType !== 'rsa') return [];
  return ['sha256', 'sha384', 'sha512'].flatMap((name) =>
    (['pss', 'pkcs1'] as const).map((padding) => ({ key, verifier: createVerify(name), more: paddingOf(padding) })),
  );
}

function orNothing(thrown: unknown): undefined {
  if (thrown instanceof Error && thrown.name === 'SignatureFault') return undefined;
  throw thrown;
}

async function readWhole(path: string): Promise<Buffer> {
  const { size } = await stat(path);
  if (size > MOST_ED25519_BYTES) throw untrusted('the file is too large for Ed25519: sign a list of checksums');
  return readFile(path);
}

/** Raw bytes, or the same in base64 on lines. */
function decoded(bytes: Buffer): Buffer {
  if (bytes.length > MOST_SIGNATURE_BYTES) throw untrusted('a signature that is too long');
  const text = bytes.toString('latin1').replace(/\s+/g, '');
  return /^[A-Za-z0-9+/]{40,}={0,2}$/.test(text) && text.length % 4 === 0 ? Buffer.from(text, 'base64') : bytes;
}

function paddingOf(padding: RsaPadding): { padding: number } {
  return { padding: padding === 'pss' ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING };
}
