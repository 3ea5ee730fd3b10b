import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { SluiceError, toSluiceError } from '../../base/index.js';
import {
  ALWAYS_IGNORED,
  keyFingerprint,
  listModelFiles,
  ONE_FILE,
  signFile,
  signModel,
  type ModelFile,
  type RsaPadding,
} from '../../proof/index.js';
import { whereIs } from '../models.js';
import type { PullContext } from '../port.js';
import { looksLikePath } from './looks-like-path.js';
import type { ImageFormat } from './sign-image.js';
import { SIGNATURE_NAME } from './signature-names.js';
import { certificatesAt, faultsAsBadKey, readSigningKey } from './signing-key.js';

export interface SignRequest {
  /** A folder, a file, a ref that is held here, or `oci:host/repository:tag`. */
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
  /** One file is signed without its name, which `model_signing` up to 1.1 wants. */
  readonly isUnnamed: boolean;
  readonly output?: string;
  /** How an image in a registry is signed; `cosign` unless told. */
  readonly format?: ImageFormat;
  readonly nowMs: number;
  /** Says where accounts for registries are kept. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface SignReport {
  readonly subject: string;
  readonly output: string;
  readonly files: number;
  readonly bytes: number;
  readonly fingerprint: string;
  /** The image that was signed, by its digest: `host/repository@sha256:…`; `output` is the signature then. */
  readonly image?: string;
  /** Of an OMS manifest; a detached signature has none. */
  readonly rootDigest?: string;
}

/**
 * Signs a model as OpenSSF Model Signing has it, one file by a detached signature, or an image in its registry. The signature appears whole or not at all.
 * @throws SluiceError BAD_KEY, NOT_HERE, BAD_SIGNATURE for what cannot be signed
 */
export async function signTarget(request: SignRequest, context: PullContext): Promise<SignReport> {
  const { settings, signal } = context;
  if (request.subject.startsWith('oci:')) return (await import('./sign-image.js')).signImage(request, context);
  if (request.format !== undefined)
    throw new SluiceError('USAGE', { reason: '--format goes with oci:host/repository' });
  const key = await readSigningKey(request, settings.home);
  const root = (await looksLikePath(request.subject))
    ? resolve(request.subject)
    : await heldAt(request.subject, context);
  const found = await stat(root).catch(() => undefined);
  if (found === undefined) throw new SluiceError('NOT_HERE', { ref: request.subject });
  const about = { subject: request.subject, fingerprint: keyFingerprint(key) };
  if (request.detached) {
    if (!found.isFile()) throw new SluiceError('USAGE', { reason: '--detached signs one file' });
    if (request.isUnnamed) throw new SluiceError('USAGE', { reason: '--unnamed goes without --detached' });
    const output = resolve(request.output ?? `${root}.sig`);
    await writeWhole(output, await faultsAsBadKey(request.key, () => signFile(root, key, request.padding)));
    return { ...about, output, files: 1, bytes: found.size };
  }
  if (request.isUnnamed && !found.isFile()) throw new SluiceError('USAGE', { reason: '--unnamed signs one file' });
  const output = resolve(request.output ?? (found.isFile() ? `${root}.sig` : join(root, SIGNATURE_NAME)));
  const certificates = await certificatesAt(request.certificate);
  const signed = await faultsAsBadKey(request.key, async () => {
    const inside = relative(root, output).split(sep).join('/');
    const isInside = !found.isFile() && !inside.startsWith('../');
    const listed: readonly ModelFile[] = await listModelFiles(root);
    const files = request.isUnnamed ? listed.map((file) => ({ ...file, name: ONE_FILE })) : listed;
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
