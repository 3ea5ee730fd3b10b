import type { KeyObject } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { SluiceError, toSluiceError } from '../../base/index.js';
import {
  ALWAYS_IGNORED,
  keyFingerprint,
  listModelFiles,
  readCertificates,
  readPrivateKey,
  signFile,
  SignatureFault,
  signModel,
  type ModelFile,
  type RsaPadding,
} from '../../proof/index.js';
import { whereIs } from '../models.js';
import type { PullContext } from '../port.js';
import { keysFolder } from './keys.js';
import { looksLikePath } from './looks-like-path.js';
import { SIGNATURE_NAME } from './signature-names.js';

export interface SignRequest {
  /** A folder, a file, or a ref that is held here. */
  readonly subject: string;
  /** Path of the private key, or its name in the folder of keys. */
  readonly key: string;
  readonly passphrase?: string;
  /** Path of the certificates, leaf first. */
  readonly certificate?: string;
  /** A signature over the bytes of one file instead of a manifest of files. */
  readonly detached: boolean;
  readonly padding: RsaPadding;
  readonly hash: 'sha256' | 'blake2b';
  /** Bytes of a shard; undefined signs whole files. */
  readonly shardBytes?: number;
  readonly ignore: readonly string[];
  readonly output?: string;
}

export interface SignReport {
  readonly subject: string;
  readonly output: string;
  readonly files: number;
  readonly bytes: number;
  readonly fingerprint: string;
  /** Of an OMS manifest; a detached signature has none. */
  readonly rootDigest?: string;
}

/**
 * Signs a model as OpenSSF Model Signing has it, or one file by a detached signature. The signature appears whole or not at all.
 * @throws SluiceError BAD_KEY, NOT_HERE, BAD_SIGNATURE for what cannot be signed
 */
export async function signTarget(request: SignRequest, context: PullContext): Promise<SignReport> {
  const { settings, signal } = context;
  const key = await readKey(request, settings.home);
  const root = (await looksLikePath(request.subject))
    ? resolve(request.subject)
    : await heldAt(request.subject, context);
  const found = await stat(root).catch(() => undefined);
  if (found === undefined) throw new SluiceError('NOT_HERE', { ref: request.subject });
  const about = { subject: request.subject, fingerprint: keyFingerprint(key) };
  if (request.detached) {
    if (!found.isFile()) throw new SluiceError('USAGE', { reason: '--detached signs one file' });
    const output = resolve(request.output ?? `${root}.sig`);
    await writeWhole(output, await faultsAs('BAD_KEY', request.key, () => signFile(root, key, request.padding)));
    return { ...about, output, files: 1, bytes: found.size };
  }
  const output = resolve(request.output ?? (found.isFile() ? `${root}.sig` : join(root, SIGNATURE_NAME)));
  const certificates = request.certificate === undefined ? [] : await certificatesAt(request.certificate);
  const signed = await faultsAs('BAD_KEY', request.key, async () => {
    const inside = relative(root, output).split(sep).join('/');
    const isInside = !found.isFile() && !inside.startsWith('../');
    const files: readonly ModelFile[] = await listModelFiles(root);
    return signModel({
      ...{ modelName: basename(root), files, key, certificates, signal, hash: request.hash },
      method: request.shardBytes === undefined ? 'files' : 'shards',
      shardBytes: request.shardBytes ?? 0,
      ignorePaths: [...new Set([...ALWAYS_IGNORED, ...request.ignore, ...(isInside ? [inside] : [])])],
    });
  });
  await writeWhole(output, signed.bundle);
  return { ...about, output, files: signed.files, bytes: signed.bytes, rootDigest: signed.rootDigest };
}

async function heldAt(ref: string, context: PullContext): Promise<string> {
  const [model] = await whereIs(ref, context);
  if (model === undefined || model.path === '') throw new SluiceError('NOT_HERE', { ref });
  return model.path;
}

/** A name without a slash may be that of a key of ours. */
async function readKey({ key, passphrase }: SignRequest, home: string): Promise<KeyObject> {
  const paths = /[\\/]/.test(key) ? [key] : [join(keysFolder(home), `${key}.key`), key];
  let failure: unknown;
  for (const path of paths) {
    try {
      const pem = await readFile(path);
      return await faultsAs('BAD_KEY', path, () => readPrivateKey(pem, passphrase));
    } catch (thrown) {
      if (thrown instanceof SluiceError) throw thrown;
      failure = thrown;
    }
  }
  throw new SluiceError('BAD_KEY', { path: key, reason: 'there is no such file' }, { cause: failure });
}

async function certificatesAt(path: string): Promise<ReturnType<typeof readCertificates>> {
  const bytes = await readFile(path).catch((thrown: unknown) => {
    throw toSluiceError(thrown, { path });
  });
  return faultsAs('BAD_KEY', path, () => readCertificates(bytes));
}

async function faultsAs<T>(code: 'BAD_KEY', path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof SignatureFault) throw new SluiceError(code, { path, reason: thrown.message });
    throw thrown;
  }
}

/** Also over an earlier one; nobody reads half of it. */
async function writeWhole(path: string, content: string | Buffer): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, content, { flag: 'wx' });
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw toSluiceError(thrown, { path });
  }
}
