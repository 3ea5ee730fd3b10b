import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmod, mkdir, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SluiceError, toSluiceError } from '../../base/index.js';
import { keyFingerprint, keyName, publicPem, readPublicKey, SignatureFault } from '../../proof/index.js';

export const KEY_KINDS = ['p256', 'p384', 'p521', 'ed25519'] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

/** A key that stands in the folder of keys: one of ours, or somebody's whom we trust. */
export interface KeyEntry {
  readonly name: string;
  /** `p256`, `ed25519`, `rsa3072`. */
  readonly kind: string;
  /** `sha256:` and the SHA-256 of the SubjectPublicKeyInfo in hexadecimal. */
  readonly fingerprint: string;
  /** Path of the public half, for policies and for others. */
  readonly path: string;
  /** Whether the private half is here too. */
  readonly canSign: boolean;
}

const PRIVATE = '.key';
const PUBLIC = '.pub';

/** Where keys are kept in a store. */
export function keysFolder(home: string): string {
  return join(home, 'keys');
}

/**
 * Makes a pair; the private half can be read by this user alone, and a name that is taken stays as it is.
 * @throws SluiceError BAD_KEY
 */
export async function makeKeys(home: string, name: string, kind: KeyKind): Promise<KeyEntry> {
  const { privateKey } = generate(kind);
  await writeNew(home, name, PRIVATE, privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), 0o600);
  return keep(home, name, privateKey, true);
}

/** Keeps somebody's public key under a name. @throws SluiceError BAD_KEY */
export async function trustKey(home: string, name: string, path: string): Promise<KeyEntry> {
  return keep(home, name, await readPublic(path), false);
}

/** Every key of the folder, by name. */
export async function listKeys(home: string): Promise<readonly KeyEntry[]> {
  const folder = keysFolder(home);
  const names: readonly string[] = await readdir(folder).catch(() => []);
  const found: KeyEntry[] = [];
  for (const file of names.filter((one) => one.endsWith(PUBLIC)).sort()) {
    const name = file.slice(0, -PUBLIC.length);
    found.push(entryOf(name, await readPublic(join(folder, file)), folder, names.includes(name + PRIVATE)));
  }
  return found;
}

function generate(kind: KeyKind): { privateKey: KeyObject } {
  if (kind === 'ed25519') return generateKeyPairSync('ed25519');
  const namedCurve = { p256: 'P-256', p384: 'P-384', p521: 'P-521' }[kind];
  return generateKeyPairSync('ec', { namedCurve });
}

async function keep(home: string, name: string, key: KeyObject, canSign: boolean): Promise<KeyEntry> {
  await writeNew(home, name, PUBLIC, publicPem(key), 0o644);
  return entryOf(name, key, keysFolder(home), canSign);
}

function entryOf(name: string, key: KeyObject, folder: string, canSign: boolean): KeyEntry {
  return { name, kind: keyName(key), fingerprint: keyFingerprint(key), path: join(folder, name + PUBLIC), canSign };
}

async function readPublic(path: string): Promise<KeyObject> {
  try {
    return readPublicKey(await readFile(path));
  } catch (thrown) {
    if (thrown instanceof SignatureFault) throw new SluiceError('BAD_KEY', { path, reason: thrown.message });
    throw toSluiceError(thrown, { path });
  }
}

async function writeNew(home: string, name: string, suffix: string, text: string, mode: number): Promise<void> {
  const folder = keysFolder(home);
  const path = join(folder, name + suffix);
  if (!/^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$/.test(name))
    throw new SluiceError('BAD_KEY', { path: name, reason: 'a name is made of letters, digits and . _ @ -' });
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    const file = await open(path, 'wx', mode);
    await file.writeFile(text).finally(() => file.close());
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST')
      throw new SluiceError('BAD_KEY', { path, reason: 'there is one already' });
    throw toSluiceError(thrown, { path });
  }
}
