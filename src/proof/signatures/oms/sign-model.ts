import type { KeyObject } from 'node:crypto';
import { unsafeReason } from '../../../base/index.js';
import type { Certificate } from '../../certificates/certificate.js';
import { broken, untrusted } from '../../signature-fault.js';
import { BUNDLE_TYPE } from '../bundle.js';
import { IN_TOTO, preAuthEncoding } from '../dsse.js';
import { curveHash, keyFingerprint, keyHint, signBytes } from '../keys.js';
import { hashModelFile, type HashProgress } from './hash-model.js';
import { byCodePoint, isBelowAny, type ModelFile } from './model-files.js';
import {
  OMS_PREDICATE,
  ONE_FILE,
  parseStatement,
  rootOf,
  STATEMENT_TYPE,
  type OmsHash,
  type OmsResource,
} from './statement.js';

export interface OmsSigning {
  readonly modelName: string;
  /** The only file of a model that is no folder may have the name `.`, which says nothing of how it is called. */
  readonly files: readonly ModelFile[];
  readonly key: KeyObject;
  /** Leaf first; with them the signer is a certificate, without them a key. */
  readonly certificates: readonly Certificate[];
  readonly method: 'files' | 'shards';
  readonly hash: OmsHash;
  readonly shardBytes: number;
  /** Paths that are not signed, with all below them. */
  readonly ignorePaths: readonly string[];
  readonly signal: AbortSignal;
  readonly progress?: HashProgress;
}

export interface OmsSigned {
  readonly bundle: string;
  readonly files: number;
  readonly bytes: number;
  readonly rootDigest: string;
}

/**
 * Signs a model as OpenSSF Model Signing 1.0 writes it: a Sigstore bundle around a statement that lists every file.
 * @throws SignatureFault for keys OMS has no place for, models without files, names that would not be taken back
 */
export async function signModel(signing: OmsSigning): Promise<OmsSigned> {
  const { key, certificates } = signing;
  if (curveHash(key) === undefined) throw untrusted('OMS signs with keys on P-256, P-384 or P-521');
  const [leaf] = certificates;
  if (leaf !== undefined && keyFingerprint(leaf.publicKey) !== keyFingerprint(key))
    throw broken('the first certificate is not that of the key');
  const files = signing.files
    .filter(({ name }) => !isBelowAny(name, signing.ignorePaths))
    .sort((a, b) => byCodePoint(a.name, b.name));
  const resources: OmsResource[] = [];
  for (const file of files) {
    const reason = files.length === 1 && file.name === ONE_FILE ? undefined : unsafeReason(file.name);
    if (reason !== undefined) throw broken(`the path ${file.name} ${reason}`);
    resources.push(...(await hashModelFile(file, signing, signing.signal, signing.progress)));
  }
  const payload = Buffer.from(
    JSON.stringify(
      statementOf(
        signing,
        resources,
        files.some(({ isLink }) => isLink),
      ),
    ),
  );
  // What nobody could verify is not signed either.
  parseStatement(payload);
  const bundle = {
    mediaType: BUNDLE_TYPE,
    verificationMaterial: {
      ...(leaf === undefined
        ? { publicKey: { hint: keyHint(key) } }
        : {
            x509CertificateChain: {
              certificates: certificates.map(({ der }) => ({ rawBytes: der.toString('base64') })),
            },
          }),
      tlogEntries: [],
    },
    dsseEnvelope: {
      payload: payload.toString('base64'),
      payloadType: IN_TOTO,
      signatures: [{ sig: signBytes(preAuthEncoding(IN_TOTO, payload), key).toString('base64'), keyid: '' }],
    },
  };
  return {
    bundle: `${JSON.stringify(bundle)}\n`,
    files: files.length,
    bytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    rootDigest: rootOf(resources),
  };
}

function statementOf(signing: OmsSigning, resources: readonly OmsResource[], hasLinks: boolean): unknown {
  const { method, hash, shardBytes, ignorePaths } = signing;
  const algorithm = method === 'files' ? hash : `${hash}-sharded-${shardBytes}`;
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name: signing.modelName, digest: { sha256: rootOf(resources) } }],
    predicateType: OMS_PREDICATE,
    predicate: {
      resources: resources.map(({ name, digest }) => ({ name, algorithm, digest })),
      serialization: {
        method,
        hash_type: hash,
        ...(method === 'shards' ? { shard_size: shardBytes } : {}),
        allow_symlinks: hasLinks,
        ignore_paths: [...ignorePaths].sort(byCodePoint),
      },
    },
  };
}
