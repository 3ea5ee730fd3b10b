export { isIntact, type KnownPiece } from './check-piece.js';
export { crc32, crc32c, crcHex } from './crc.js';
export type { ByteRange, FollowRequest } from './follow-file.js';
export { createFollowers, spareFollowers, type Follower, type Followers } from './followers.js';
export { digestFile } from './digest-file.js';
export { createHasher, gitBlobHasher, type Hasher } from './hasher.js';
export { isPieceDigest, pieceAlgorithmOf, type PieceAlgorithm } from './piece-digest.js';
export { hashPieces } from './hash-pieces.js';
export {
  formatPieceList,
  LEAST_PIECE_BYTES,
  parsePieceList,
  type ListedPieces,
  type PieceHashes,
} from './piece-list.js';
export { createProof, proveBytes, type Proof, type Verdict } from './proof.js';
export { SignatureFault } from './signature-fault.js';
export { readCertificates } from './certificates/certificate.js';
export { signFile } from './signatures/detached.js';
export {
  keyFingerprint,
  keyName,
  publicPem,
  readPrivateKey,
  readPublicKey,
  type RsaPadding,
} from './signatures/keys.js';
export { createModelCheck } from './signatures/oms/create-check.js';
export { listModelFiles, type ModelFile } from './signatures/oms/model-files.js';
export { signModel } from './signatures/oms/sign-model.js';
export {
  cosignBundleCandidate,
  cosignTagCandidate,
  detachedCandidate,
  notationCandidate,
  omsCandidate,
} from './trust/candidates.js';
export { judge, type Candidate, type CheckedContent, type Judgement } from './trust/judge.js';
export { ruleFor } from './trust/policy.js';
export { readTrustPolicy } from './trust/read-policy.js';
export { createSlabMemory, Residents, SLAB_BYTES, Slabs, type SlabMemory } from './slabs.js';
