import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { SluiceError } from '../base/index.js';
import { keptKey } from './kept-key.js';

/** What a server signs with: Ed25519, made at its first start, PKCS #8 in PEM at `keys/signing` of the store, readable by its owner only. @throws SluiceError FILE_SYSTEM */
export async function signingKey(root: string): Promise<KeyObject> {
  const path = join(root, 'keys', 'signing');
  const pem = await keptKey(path, () =>
    Buffer.from(generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' })),
  );
  const refuse = (): never => {
    throw new SluiceError('FILE_SYSTEM', { path, reason: 'it is no Ed25519 key' });
  };
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : refuse();
  } catch {
    return refuse();
  }
}
