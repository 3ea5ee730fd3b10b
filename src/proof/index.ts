import type * as seal from './seal/index.js';

export { isIntact, type KnownPiece } from './check-piece.js';
export { combineCrc32, crc32, crc32c, crcHex } from './crc.js';
export type { ByteRange, FollowRequest } from './follow-file.js';
export { createFollowers, spareFollowers, type Follower, type Followers } from './followers.js';
export { digestFile } from './digest-file.js';
export { canonicalJson } from './canonical-json.js';
export { isEnvelope, keyIdOf, openEnvelope, parsePublicKeys, signEnvelope, spkiOf, type PublicKey } from './dsse.js';
export { createHasher, gitBlobHasher, type Hasher } from './hasher.js';
export { isPieceDigest, pieceAlgorithmOf, type PieceAlgorithm } from './piece-digest.js';
export { hashPieces } from './hash-pieces.js';
export {
  formatPieceManifest,
  manifestPieceBytes,
  MOST_MANIFEST_BYTES,
  parsePieceManifest,
  PIECE_MANIFEST_TYPE,
  type ManifestEntry,
  type PieceManifest,
} from './manifest/piece-manifest.js';
export {
  formatPieceList,
  LEAST_PIECE_BYTES,
  MOST_PIECE_BYTES,
  parsePieceList,
  type ListedPieces,
  type PieceHashes,
} from './piece-list.js';
export { createProof, proveBytes, type Proof, type Verdict } from './proof.js';
export { SignatureFault } from './signature-fault.js';
export { readCertificates } from './certificates/certificate.js';
export { isBlobBundle } from './signatures/blob-bundle.js';
export { signFile } from './signatures/detached.js';
export {
  keyFingerprint,
  keyName,
  publicPem,
  readPrivateKey,
  readPublicKey,
  type RsaPadding,
} from './signatures/keys.js';
export { signCosignBundle, signSimple } from './signatures/oci/sign-cosign.js';
export type { ImageSigner, ImageToSign } from './signatures/oci/sign-image.js';
export { signNotation } from './signatures/oci/sign-notation.js';
export { createModelCheck } from './signatures/oms/create-check.js';
export { ALWAYS_IGNORED, listModelFiles, type ModelFile } from './signatures/oms/model-files.js';
export { ONE_FILE } from './signatures/oms/statement.js';
export { signModel } from './signatures/oms/sign-model.js';
export {
  blobCandidate,
  cosignBundleCandidate,
  cosignTagCandidate,
  detachedCandidate,
  notationCandidate,
  omsCandidate,
} from './trust/candidates.js';
export { MOST_OCSP_BYTES } from './certificates/ocsp/response.js';
export { judge, type AcceptedSignature, type Candidate, type CheckedContent, type Judgement } from './trust/judge.js';
export { ruleFor, type TrustPolicy } from './trust/policy.js';
export { RevocationAnswers } from './trust/revocation-answers.js';
export { readTrustPolicy } from './trust/read-policy.js';
export { createSlabMemory, Residents, SLAB_BYTES, Slabs, type SlabMemory } from './slabs.js';
export type { OpenedSeal, SealKey, SealTarget } from './seal/index.js';

// Most programs never meet a sealed file.
export const bytesOf: typeof seal.bytesOf = async (...args) => (await import('./seal/index.js')).bytesOf(...args);
export const openSealed: typeof seal.openSealed = async (...args) =>
  (await import('./seal/index.js')).openSealed(...args);
export const placeFile: typeof seal.placeFile = async (...args) => (await import('./seal/index.js')).placeFile(...args);
export const readPassphrase: typeof seal.readPassphrase = async (...args) =>
  (await import('./seal/index.js')).readPassphrase(...args);
export const readSealKey: typeof seal.readSealKey = async (...args) =>
  (await import('./seal/index.js')).readSealKey(...args);
export const readSealTarget: typeof seal.readSealTarget = async (...args) =>
  (await import('./seal/index.js')).readSealTarget(...args);
export const rewrapFile: typeof seal.rewrapFile = async (...args) =>
  (await import('./seal/index.js')).rewrapFile(...args);
export const saysItIsSealed: typeof seal.saysItIsSealed = async (...args) =>
  (await import('./seal/index.js')).saysItIsSealed(...args);
export const sealFile: typeof seal.sealFile = async (...args) => (await import('./seal/index.js')).sealFile(...args);
export const unsealFile: typeof seal.unsealFile = async (...args) =>
  (await import('./seal/index.js')).unsealFile(...args);
export const writeOpened: typeof seal.writeOpened = async (...args) =>
  (await import('./seal/index.js')).writeOpened(...args);
export const writeExactly: typeof seal.writeExactly = async (...args) =>
  (await import('./seal/index.js')).writeExactly(...args);
