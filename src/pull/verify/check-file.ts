import { stat } from 'node:fs/promises';
import { DIGEST_ALGORITHMS, errnoOf, type DigestAlgorithm, type Digests } from '../../base/index.js';
import { digestFile } from '../../proof/index.js';
import type { Problem } from './report.js';

/** How one file compares with what it should be. */
export type FileVerdict =
  | { readonly state: 'right'; readonly sizeBytes: number }
  | { readonly state: 'unprovable'; readonly sizeBytes: number }
  | { readonly state: 'problem'; readonly sizeBytes: number; readonly problem: Problem };

/** Hashes a file by the strongest digest that is known of it. `sizeBytes`, when known, is compared first: that costs no read. */
export async function checkFile(
  path: string,
  digests: Digests,
  sizeBytes: number | undefined,
  signal?: AbortSignal,
): Promise<FileVerdict> {
  const problem = (kind: Problem['kind'], expected: string, actual: string, bytes = 0): FileVerdict => ({
    state: 'problem',
    sizeBytes: bytes,
    problem: { path, kind, expected, actual },
  });
  const algorithm = strongest(digests);
  const wanted = algorithm === undefined ? `${sizeBytes ?? '?'} bytes` : `${algorithm}:${digests[algorithm] ?? ''}`;
  try {
    const { size } = await stat(path);
    if (sizeBytes !== undefined && size !== sizeBytes)
      return problem('wrong', `${sizeBytes} bytes`, `${size} bytes`, size);
    if (algorithm === undefined) return { state: 'unprovable', sizeBytes: size };
    const actual = (await digestFile(path, [algorithm], signal))[algorithm] ?? '';
    if (actual !== digests[algorithm]) return problem('wrong', wanted, `${algorithm}:${actual}`, size);
    return { state: 'right', sizeBytes: size };
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno === undefined) throw thrown;
    return problem(errno === 'ENOENT' ? 'missing' : 'unreadable', wanted, errno);
  }
}

function strongest(digests: Digests): DigestAlgorithm | undefined {
  return DIGEST_ALGORITHMS.find((algorithm) => digests[algorithm] !== undefined);
}
