/** What is known of a file's content before it arrives. All values are lower-case hex. */
export interface Digests {
  readonly sha256?: string;
  /** SHA-1 of `blob <size>\0` followed by the content: the object id that git gives it. */
  readonly gitSha1?: string;
  readonly sha512?: string;
  readonly sha1?: string;
  readonly md5?: string;
  /** CRC-32C (Castagnoli), big-endian hex, as object stores publish it. */
  readonly crc32c?: string;
  /** CRC-32 (ISO-HDLC), big-endian hex. */
  readonly crc32?: string;
}

export type DigestAlgorithm = keyof Digests;

/** Strongest first: the order in which a proof is chosen and reported. */
export const DIGEST_ALGORITHMS = [
  'sha256',
  'sha512',
  'gitSha1',
  'sha1',
  'md5',
  'crc32c',
  'crc32',
] as const satisfies readonly DigestAlgorithm[];
