/** What one pickle may ask of us. A stream that goes beyond is not judged but refused, and says so (`LIMIT-HIT`). */
export const LIMITS = {
  opcodes: 5_000_000,
  /** A tuple of so many elements stands on the stack before it is made; CPython hands lists over by the thousand. */
  stack: 1_000_000,
  /** Entries of the memo. Picklers count them up: one of a higher number is not theirs. */
  memo: 2_000_000,
  /** Imports, and calls. */
  records: 1_000_000,
  payloads: 100_000,
  /** Of one payload, when it must be decoded or unpacked to be looked into. */
  decodedBytes: 16 * 1024 * 1024,
  /** A line of the text opcodes; names of modules and what is in them. */
  lineBytes: 64 * 1024,
  /** A line of UNICODE, which may be as long as it likes: numbers behind a header are one, up to the first byte that is a newline. */
  longLineBytes: 64 * 1024 * 1024,
  nameBytes: 1024,
  /** Digits that every Python converts; newer ones refuse more. */
  decimalDigits: 4300,
  /** LONG4. */
  longBytes: 64 * 1024,
  /** The text of one string, and of all that are kept; longer ones are checked and let go. */
  textBytes: 1024 * 1024,
  heldTextBytes: 64 * 1024 * 1024,
  /** Of one rule in one stream; the rest would say the same. */
  findingsOfOneRule: 20,
  streamsOfOneFile: 10_000,
} as const;
