import type { NamedPolicy } from '../../admission/index.js';
import { SluiceError } from '../../base/index.js';
import type { HeldFile } from '../holdings.js';
import type { FoundSignature } from '../verify/signed-folder.js';
import { signaturesOf, type SignedBy, type SignedRevision } from './signature-evidence.js';

/**
 * The same of a revision of which sealed files were opened. It may have been signed before it was sealed, or as it is; what was opened was proven to be what is sealed, so either
 * signature is of both.
 * @throws SluiceError BAD_SIGNATURE where neither is right
 */
export async function signaturesOfOpened(
  policy: NamedPolicy,
  revision: SignedRevision,
  files: readonly HeldFile[],
  named: readonly FoundSignature[],
  signal: AbortSignal,
): Promise<SignedBy> {
  const pairs = files.flatMap(({ path, openedFrom }) =>
    openedFrom === undefined ? [] : [[path, openedFrom] as const],
  );
  if (pairs.length === 0) return signaturesOf(policy, revision, named, signal);
  const digestOf = new Map(revision.files.map(({ path, sha256 }) => [path, sha256]));
  let unsigned: SignedBy = { signatures: [] };
  let refused: SluiceError | undefined;
  for (const side of [1, 0] as const) {
    const without = new Set(pairs.map((pair) => pair[side]));
    const seen = { ...revision, files: revision.files.filter(({ path }) => !without.has(path)) };
    try {
      const found = await signaturesOf(policy, seen, named, signal);
      if (found.signatures.length > 0) return alsoOf(found, pairs, digestOf);
      unsigned = found;
    } catch (thrown) {
      if (!(thrown instanceof SluiceError) || thrown.code !== 'BAD_SIGNATURE') throw thrown;
      refused ??= thrown;
    }
  }
  if (refused !== undefined) throw refused;
  return unsigned;
}

function alsoOf(
  { signatures, ...rest }: SignedBy,
  pairs: readonly (readonly [string, string])[],
  digestOf: ReadonlyMap<string, string>,
): SignedBy {
  const widened = signatures.map(({ covers, ...signature }) => {
    const all = new Set(covers);
    for (const pair of pairs) {
      const digests = pair.flatMap((path) => digestOf.get(path) ?? []);
      if (digests.some((sha256) => covers.has(sha256))) for (const sha256 of digests) all.add(sha256);
    }
    return { ...signature, covers: all };
  });
  return { ...rest, signatures: widened };
}
