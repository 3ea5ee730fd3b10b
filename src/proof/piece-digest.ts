/**
 * What tells one piece from another. CRC-32 finds accidents: torn writes, lost pages, a flipped bit. SHA-256 is for wherever somebody may want to deceive, and nothing
 * but the piece's own digest would show it.
 */
export type PieceAlgorithm = 'crc32' | 'sha256';

/** Which of them a digest in hex is of: its length tells. */
export function pieceAlgorithmOf(digest: string): PieceAlgorithm {
  return digest.length === CRC_DIGITS ? 'crc32' : 'sha256';
}

/** Whether a value is a digest of either kind, in lower-case hex. */
export function isPieceDigest(value: unknown): value is string {
  return typeof value === 'string' && /^(?:[0-9a-f]{8}|[0-9a-f]{64})$/.test(value);
}

const CRC_DIGITS = 8;
