import { dirname } from 'node:path';
import type { NamedPolicy, SignatureEvidence, SignatureFacts } from '../../admission/index.js';
import {
  judge,
  ruleFor,
  SignatureFault,
  type AcceptedSignature,
  type Candidate,
  type Judgement,
  type RevocationAnswers,
} from '../../proof/index.js';
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
  /** The signatures are over the bytes of the one file itself, not over a folder that has it. */
  readonly isOneFile?: boolean;
}

const ANYTHING = { has: () => true };

/** What signers leave out of every repository, as the reference implementation does; loaders do not read it. */
const GIT_FILES: readonly string[] = ['.gitattributes', '.gitignore'];

/** Proves the signatures of a revision by the trust policy that the gate's policy names. Evidence is only what satisfies the trust policy as a whole. */
export async function signaturesOf(
  policy: NamedPolicy,
  { ref, root, files, listed, isOneFile = false }: SignedRevision,
  named: readonly FoundSignature[],
  signal: AbortSignal,
  answers: RevocationAnswers,
): Promise<SignatureFacts> {
  const held = files.map(({ path, sizeBytes, sha256, at }) => ({
    ...{ name: path, path: at, sizeBytes: sizeBytes ?? 0, sha256, isLink: false },
  }));
  const wanted = new Set(files.map(({ path }) => path));
  const leftOut = listed === undefined ? ANYTHING : new Set(listed.filter((path) => !wanted.has(path)));
  const at = isOneFile ? files[0]?.at : undefined;
  const place =
    at === undefined ? { root, folder: root, isFile: false } : { root: at, folder: dirname(at), isFile: true };
  const found = (): Promise<readonly Candidate[]> =>
    folderCandidates({ ...place, held, scope: ref, leftOut }, named, signal);
  return evidenceOf(policy, ref, found, answers, ({ unverified }) => {
    const isCovered = (path: string): boolean => !unverified.includes(path) || GIT_FILES.includes(path);
    return files.filter(({ path }) => isCovered(path)).map(({ sha256 }) => sha256);
  });
}

/** Evidence of a subject's signatures, `covers` being what each that is accepted is of. @throws SluiceError what keeps signatures from being read */
export async function evidenceOf(
  { trust }: NamedPolicy,
  ref: string,
  found: () => Promise<readonly Candidate[]>,
  answers: RevocationAnswers,
  covers: (accepted: AcceptedSignature) => readonly string[],
): Promise<SignatureFacts> {
  if (trust === undefined) return { signatures: [] };
  const rule = ruleFor(trust, ref);
  if (rule === undefined) return { signatures: [], unsignedBecause: `no rule of the trust policy is for ${ref}` };
  let judged: Judgement;
  try {
    judged = await judge(rule, await found(), Date.now(), answers);
  } catch (thrown) {
    if (thrown instanceof SignatureFault) return wrong(thrown.message);
    throw thrown;
  }
  const { verdict, accepted, refused } = judged;
  if (verdict === 'broken') return wrong(refused.find(({ kind }) => kind === 'proof')?.reason);
  if (verdict !== 'accepted') return { signatures: [], unsignedBecause: whyNot(judged) };
  const signatures = accepted.map((one): SignatureEvidence => ({
    method: one.method,
    identities: [one.signer.identity],
    covers: new Set(covers(one)),
  }));
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
