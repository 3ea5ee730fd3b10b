import type { NamedPolicy, SignatureFacts } from '../../admission/index.js';
import type { RevocationAnswers } from '../../proof/index.js';
import type { HeldFile } from '../holdings.js';
import type { FoundSignature } from '../verify/signed-folder.js';
import { signaturesOf, type SignedRevision } from './signature-evidence.js';

/**
 * The same of a revision of which sealed files were opened. It may have been signed before it was sealed, or as it is; what was opened was proven to be what is sealed, so either
 * signature is of both. It is wrong where neither is right.
 */
export async function signaturesOfOpened(
  policy: NamedPolicy,
  revision: SignedRevision,
  files: readonly HeldFile[],
  named: readonly FoundSignature[],
  signal: AbortSignal,
  answers: RevocationAnswers,
): Promise<SignatureFacts> {
  const pairs = files.flatMap(({ path, openedFrom }) =>
    openedFrom === undefined ? [] : [[path, openedFrom] as const],
  );
  if (pairs.length === 0) return signaturesOf(policy, revision, named, signal, answers);
  const digestOf = new Map(revision.files.map(({ path, sha256 }) => [path, sha256]));
  let unsigned: SignatureFacts = { signatures: [] };
  for (const side of [1, 0] as const) {
    const without = new Set(pairs.map((pair) => pair[side]));
    const seen = { ...revision, files: revision.files.filter(({ path }) => !without.has(path)) };
    const found = await signaturesOf(policy, seen, named, signal, answers);
    if (found.signatures.length > 0) return alsoOf(found, pairs, digestOf);
    if (unsigned.wrongBecause === undefined) unsigned = found;
  }
  return unsigned;
}

function alsoOf(
  { signatures, ...rest }: SignatureFacts,
  pairs: readonly (readonly [string, string])[],
  digestOf: ReadonlyMap<string, string>,
): SignatureFacts {
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
