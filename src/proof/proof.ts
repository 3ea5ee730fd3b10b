import { DIGEST_ALGORITHMS, type DigestAlgorithm, type Digests } from '../base/index.js';
import { createHasher } from './hasher.js';

/** What the whole content turned out to be, against what was promised. */
export interface Verdict {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Everything that was computed: SHA-256 always, and whatever was promised. */
  readonly digests: Digests;
  /** Promised digests that fit, strongest first; `pieces` where every piece was proven by itself. */
  readonly checks: readonly (DigestAlgorithm | 'pieces')[];
  /** The strongest promised digest that does not fit. */
  readonly mismatch?: { readonly algorithm: DigestAlgorithm; readonly expected: string; readonly actual: string };
}

/** Takes a file's content in order and says what it is. */
export interface Proof {
  update(bytes: Uint8Array): void;
  finish(): Verdict;
}

/** A proof against every digest that was promised; an empty promise only records the SHA-256. */
export function createProof(promised: Digests, sizeBytes: number): Proof {
  const hashers = DIGEST_ALGORITHMS.filter(
    (algorithm) => algorithm === 'sha256' || promised[algorithm] !== undefined,
  ).map((algorithm) => ({ algorithm, hasher: createHasher(algorithm, sizeBytes) }));
  let seenBytes = 0;
  return {
    update: (bytes) => {
      seenBytes += bytes.length;
      for (const { hasher } of hashers) hasher.update(bytes);
    },
    finish: () => {
      const digests = Object.fromEntries(hashers.map(({ algorithm, hasher }) => [algorithm, hasher.hex()])) as Digests;
      return judge(promised, digests, seenBytes);
    },
  };
}

/** The proof of content that is in memory. */
export function proveBytes(bytes: Uint8Array, promised: Digests): Verdict {
  const proof = createProof(promised, bytes.length);
  proof.update(bytes);
  return proof.finish();
}

function judge(promised: Digests, actual: Digests, sizeBytes: number): Verdict {
  const checks: DigestAlgorithm[] = [];
  let mismatch: Verdict['mismatch'];
  for (const algorithm of DIGEST_ALGORITHMS) {
    const expected = promised[algorithm]?.toLowerCase();
    const value = actual[algorithm];
    if (expected === undefined || value === undefined) continue;
    if (expected === value) checks.push(algorithm);
    else mismatch ??= { algorithm, expected, actual: value };
  }
  return { sha256: actual.sha256 ?? '', sizeBytes, digests: actual, checks, ...(mismatch ? { mismatch } : {}) };
}
