import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError, toSluiceError } from '../../base/index.js';
import { readCertificates, readPrivateKey, SignatureFault } from '../../proof/index.js';
import { keysFolder } from './keys.js';

export interface SigningKey {
  /** Path of the private key, or its name in the folder of keys. */
  readonly key: string;
  readonly passphrase?: string;
}

/** A name without a slash may be that of a key of ours. @throws SluiceError BAD_KEY */
export async function readSigningKey({ key, passphrase }: SigningKey, home: string): Promise<KeyObject> {
  const paths = /[\\/]/.test(key) ? [key] : [join(keysFolder(home), `${key}.key`), key];
  let failure: unknown;
  for (const path of paths) {
    try {
      const pem = await readFile(path);
      return await faultsAsBadKey(path, () => readPrivateKey(pem, passphrase));
    } catch (thrown) {
      if (thrown instanceof SluiceError) throw thrown;
      failure = thrown;
    }
  }
  throw new SluiceError('BAD_KEY', { path: key, reason: 'there is no such file' }, { cause: failure });
}

/** @throws SluiceError BAD_KEY */
export async function certificatesAt(path: string | undefined): Promise<ReturnType<typeof readCertificates>> {
  if (path === undefined) return [];
  const bytes = await readFile(path).catch((thrown: unknown) => {
    throw toSluiceError(thrown, { path });
  });
  return faultsAsBadKey(path, () => readCertificates(bytes));
}

/** What a signature cannot be made with is told of the key that was named. */
export async function faultsAsBadKey<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof SignatureFault) throw new SluiceError('BAD_KEY', { path, reason: thrown.message });
    throw thrown;
  }
}
