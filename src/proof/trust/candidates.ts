import type { KeyObject } from 'node:crypto';
import { otherForm, untrusted } from '../signature-fault.js';
import { parseBlobBundle } from '../signatures/blob-bundle.js';
import { parseBundle } from '../signatures/bundle.js';
import { signerOfFile } from '../signatures/detached.js';
import { preAuthEncoding } from '../signatures/dsse.js';
import type { Bundle } from '../signatures/bundle.js';
import type { JsonObject } from '../signatures/fields.js';
import { curveHash, isSignatureOf, keyFingerprint, keyName } from '../signatures/keys.js';
import { checkCosignStatement, checkSimpleSigning, parseSimpleSigning } from '../signatures/oci/cosign.js';
import { checkNotationPayload, parseNotation } from '../signatures/oci/notation.js';
import { checkModel, type ModelCheck } from '../signatures/oms/check-model.js';
import { parseStatement } from '../signatures/oms/statement.js';
import { sha256Of, type SignedThing } from '../signatures/signed-thing.js';
import type { Candidate } from './judge.js';
import type { Acceptance } from './policy.js';

/** A bundle of OpenSSF Model Signing beside the files it is of. */
export function omsCandidate(source: string, bytes: Buffer, check: ModelCheck): Candidate {
  const parsed = once(() => parseBundle(bytes));
  return {
    kind: 'oms',
    source,
    signerFor: (acceptance) => promised(() => omsThing(parsed(), acceptance)),
    checkContent: async () => checkModel(parseStatement(parsed().envelope.payload), check),
  };
}

/** OMS knows three curves; a keyless bundle is another method than one with a chain. */
function omsThing(bundle: Bundle, acceptance: Acceptance): SignedThing {
  const { signer } = bundle;
  if (bundle.isKeyless !== (acceptance.method === 'oms-keyless'))
    throw otherForm(bundle.isKeyless ? 'signed keyless' : 'not signed keyless');
  if (signer.kind === 'certificate' && curveHash(signer.leaf.publicKey) === undefined)
    throw untrusted('OMS knows keys on P-256, P-384 and P-521 only');
  return bundleThing(bundle);
}

function bundleThing({ envelope, signer, logEntries, timestamps }: Bundle): SignedThing {
  const { payload, payloadType, signature } = envelope;
  const signedBytes = preAuthEncoding(payloadType, payload);
  return {
    isSignedWith: (key) => isSignatureOf(signedBytes, signature, key),
    loggedSha256: sha256Of(payload),
    signature,
    signer,
    logEntries,
    timestamps,
  };
}

/** A signature in a file of its own over the bytes of another. `unverified` are files beside it that it says nothing of. */
export function detachedCandidate(
  source: string,
  signature: Buffer,
  signedPath: string,
  checkContent: Candidate['checkContent'],
): Candidate {
  return {
    kind: 'detached',
    source,
    signerFor: async ({ keys }) => {
      const key = await signerOfFile(signedPath, signature, keys);
      if (key === undefined) throw untrusted('signed by no key that the policy names, or changed');
      const fingerprint = keyFingerprint(key);
      return { kind: 'key', identity: fingerprint, fingerprint, algorithm: keyName(key), warnings: [] };
    },
    checkContent,
  };
}

/** A bundle in a file of its own over the bytes of another, as `cosign sign-blob` makes it. */
export function blobCandidate(
  source: string,
  bytes: Buffer,
  signedPath: string,
  checkContent: (sha256: string) => ReturnType<Candidate['checkContent']>,
): Candidate {
  const parsed = once(() => parseBlobBundle(bytes));
  return {
    kind: 'cosign',
    source,
    signerFor: async ({ keys }) => {
      const { signer, signature, sha256, logEntries, timestamps } = parsed();
      const tried = signer.kind === 'key' ? keys : [signer.leaf.publicKey];
      const by = await signerOfFile(signedPath, signature, tried);
      const isSignedWith = (key: KeyObject): boolean => by?.equals(key) === true;
      return { isSignedWith, loggedSha256: sha256, signature, signer, logEntries, timestamps };
    },
    checkContent: async () => checkContent(parsed().sha256),
  };
}

/** A manifest in a registry, by its digest. */
export interface SignedManifest {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** cosign 3: a bundle that refers to the manifest. */
export function cosignBundleCandidate(source: string, bytes: Buffer, manifest: SignedManifest): Candidate {
  const parsed = once(() => parseBundle(bytes));
  return {
    kind: 'cosign',
    source,
    signerFor: () => promised(() => bundleThing(parsed())),
    checkContent: () =>
      promised(() => {
        checkCosignStatement(parsed().envelope.payload, manifest.sha256);
        return { covers: [manifest.sha256], unverified: [] };
      }),
  };
}

/** cosign 1 and 2: a payload under a tag, its signature in the annotations. */
export function cosignTagCandidate(
  source: string,
  payload: Buffer,
  annotations: JsonObject,
  manifest: SignedManifest,
): Candidate {
  return {
    kind: 'cosign',
    source,
    signerFor: () => promised(() => parseSimpleSigning(payload, annotations)),
    checkContent: () =>
      promised(() => {
        checkSimpleSigning(payload, manifest.sha256);
        return { covers: [manifest.sha256], unverified: [] };
      }),
  };
}

export function notationCandidate(source: string, bytes: Buffer, manifest: SignedManifest, nowMs: number): Candidate {
  const parsed = once(() => parseNotation(bytes));
  return {
    kind: 'notation',
    source,
    signerFor: () => promised(parsed),
    checkContent: () =>
      promised(() => {
        const { payload, expiresMs } = parsed();
        checkNotationPayload(payload, manifest);
        const isOver = expiresMs !== undefined && expiresMs <= nowMs;
        return {
          covers: [manifest.sha256],
          unverified: [],
          ...(isOver ? { expired: `the signature expired ${new Date(expiresMs).toISOString()}` } : {}),
        };
      }),
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** What is thrown comes as a rejection. */
function promised<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
