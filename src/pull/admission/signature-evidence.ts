import type { NamedPolicy, SignatureEvidence, SignatureFacts } from '../../admission/index.js';
import { judge, ruleFor, SignatureFault, type Judgement, type RevocationAnswers } from '../../proof/index.js';
import { folderCandidates, type FoundSignature } from '../verify/signed-folder.js';

/** A revision of which signatures are proven. */
export interface SignedRevision {
  /** Without revision: what the scopes of the trust policy are about. */
  readonly ref: string;
  readonly root: string;
  /** Those that are to be seen, proven by their digests. */
  readonly files: readonly {
    readonly path: string;
    readonly sizeBytes: number | null;
    readonly sha256: string;
    /** Where its bytes are. */
    readonly at: string;
  }[];
  /** Everything that the revision has: what of it is not wanted may be signed. Undefined where nobody knows any more. */
  readonly listed: readonly string[] | undefined;
}

const ANYTHING = { has: () => true };

/** What signers leave out of every repository, as the reference implementation does; loaders do not read it. */
const GIT_FILES: readonly string[] = ['.gitattributes', '.gitignore'];

/** Proves the signatures of a revision by the trust policy that the gate's policy names. Evidence is only what satisfies the trust policy as a whole. */
export async function signaturesOf(
  { trust }: NamedPolicy,
  { ref, root, files, listed }: SignedRevision,
  named: readonly FoundSignature[],
  signal: AbortSignal,
  answers: RevocationAnswers,
): Promise<SignatureFacts> {
  if (trust === undefined) return { signatures: [] };
  const rule = ruleFor(trust, ref);
  if (rule === undefined) return { signatures: [], unsignedBecause: `no rule of the trust policy is for ${ref}` };
  const held = files.map(({ path, sizeBytes, sha256, at }) => ({
    ...{ name: path, path: at, sizeBytes: sizeBytes ?? 0, sha256, isLink: false },
  }));
  const wanted = new Set(files.map(({ path }) => path));
  const leftOut = listed === undefined ? ANYTHING : new Set(listed.filter((path) => !wanted.has(path)));
  const folder = { root, folder: root, isFile: false, held, scope: ref, leftOut };
  let judged: Judgement;
  try {
    judged = await judge(rule, await folderCandidates(folder, named, signal), Date.now(), answers);
  } catch (thrown) {
    if (thrown instanceof SignatureFault) return wrong(thrown.message);
    throw thrown;
  }
  const { verdict, accepted, refused } = judged;
  if (verdict === 'broken') return wrong(refused.find(({ kind }) => kind === 'proof')?.reason);
  if (verdict !== 'accepted') return { signatures: [], unsignedBecause: whyNot(judged) };
  const signatures = accepted.map(({ method, signer, unverified }): SignatureEvidence => {
    const isCovered = (path: string): boolean => !unverified.includes(path) || GIT_FILES.includes(path);
    const covers = files.filter(({ path }) => isCovered(path)).map(({ sha256 }) => sha256);
    return { method, identities: [signer.identity], covers: new Set(covers) };
  });
  return { signatures, unsignedBecause: whyNot(judged) };
}

/** Of an audit too, which accepts signers whom nobody names. */
function whyNot({ verdict, refused }: Judgement): string {
  if (verdict === 'skipped') return 'the trust policy skips it';
  return refused[0]?.reason ?? (verdict === 'untrusted' ? 'not enough signers' : 'none');
}

function wrong(reason = 'a signature of other bytes'): SignatureFacts {
  return { signatures: [], wrongBecause: reason };
}
