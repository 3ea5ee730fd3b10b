import { SignatureFault, untrusted } from '../signature-fault.js';
import type { SignedThing } from '../signatures/signed-thing.js';
import type { RevocationAnswers } from './revocation-answers.js';
import type { Acceptance, Method, TrustRule } from './policy.js';
import { proveSigner, type Conditions, type ProvenSigner } from './signer.js';

/** What a signature is made of: decides which acceptances it can meet. */
export type SignatureKind = 'oms' | 'detached' | 'cosign' | 'notation';

/** A signature that was found, and how to prove it. */
export interface Candidate {
  readonly kind: SignatureKind;
  /** Where it was found: a file, or a digest in a registry. */
  readonly source: string;
  /** Who signed; detached signatures find their key by trying. @throws SignatureFault */
  readonly signerFor: (acceptance: Acceptance, nowMs: number) => Promise<SignedThing | ProvenSigner>;
  /** That what was signed is the subject; asked once, after the signer was proven. @throws SignatureFault */
  readonly checkContent: () => Promise<CheckedContent>;
}

export interface CheckedContent {
  /** SHA-256, in hexadecimal, of what was signed, where the signature names it so. */
  readonly covers: readonly string[];
  /** Files that are part of the subject and that nobody signed. */
  readonly unverified: readonly string[];
  readonly warnings?: readonly string[];
  /** Has the strict level refuse; told by the others. */
  readonly expired?: string;
}

export interface AcceptedSignature {
  readonly source: string;
  readonly method: Method;
  readonly signer: ProvenSigner;
  readonly covers: readonly string[];
  /** Files that are part of the subject and that this one does not sign. */
  readonly unverified: readonly string[];
}

export interface RefusedSignature {
  readonly source: string;
  /** `proof`: it is not of these bytes. `trust`: it is, and by nobody the policy names. */
  readonly kind: 'proof' | 'trust';
  readonly reason: string;
}

export type TrustVerdict = 'accepted' | 'broken' | 'untrusted' | 'unsigned' | 'skipped';

export interface Judgement {
  readonly verdict: TrustVerdict;
  readonly accepted: readonly AcceptedSignature[];
  readonly refused: readonly RefusedSignature[];
  readonly unverified: readonly string[];
  readonly warnings: readonly string[];
}

const KINDS: Readonly<Record<Method, SignatureKind>> = {
  'oms-key': 'oms',
  'oms-certificate': 'oms',
  'oms-keyless': 'oms',
  detached: 'detached',
  'cosign-key': 'cosign',
  'cosign-certificate': 'cosign',
  'cosign-keyless': 'cosign',
  notation: 'notation',
};

/**
 * Whether the signatures that were found satisfy a rule: as many different signers as it wants, each by one of the ways it accepts. A signature that is not accepted
 * takes nothing away from those that are, since anybody can put one there.
 * @param answers asks the responders of authorities where the rule says so; without it nobody is asked, and what nobody says is refused
 */
export async function judge(
  rule: TrustRule,
  candidates: readonly Candidate[],
  nowMs: number,
  answers?: RevocationAnswers,
): Promise<Judgement> {
  if (rule.level === 'skip') return { verdict: 'skipped', accepted: [], refused: [], unverified: [], warnings: [] };
  const accepted: AcceptedSignature[] = [];
  const refused: RefusedSignature[] = [];
  const warnings: string[] = [];
  let unverified: readonly string[] | undefined;
  const refuse = (source: string, { kind, message }: SignatureFault): void => {
    refused.push({ source, kind, reason: message });
  };
  for (const candidate of candidates) {
    try {
      const found = await signerOf(candidate, rule, { nowMs, level: rule.level, answers });
      const content = await candidate.checkContent();
      if (content.expired !== undefined && rule.level === 'strict') throw untrusted(content.expired);
      if (rule.unverifiedFiles === 'refuse' && rule.level !== 'audit' && content.unverified.length > 0)
        throw untrusted(`it leaves files unsigned: ${content.unverified.slice(0, 3).join(', ')}`);
      warnings.push(...(content.warnings ?? []), ...(content.expired === undefined ? [] : [content.expired]));
      warnings.push(...found.signer.warnings);
      unverified = common(unverified, content.unverified);
      accepted.push({ source: candidate.source, ...found, covers: content.covers, unverified: content.unverified });
    } catch (thrown) {
      if (!(thrown instanceof SignatureFault)) throw thrown;
      refuse(candidate.source, thrown);
      // Whoever signed, audit wants the content to be what was signed.
      if (rule.level === 'audit' && thrown.kind === 'trust') {
        const fault = await contentFault(candidate);
        if (fault !== undefined) refuse(candidate.source, fault);
      }
    }
  }
  const signers = new Set(accepted.map(({ signer }) => signer.identity)).size;
  const outcome = { accepted, refused, unverified: unverified ?? [], warnings: [...new Set(warnings)] };
  if (signers >= rule.minimum) return { verdict: 'accepted', ...outcome };
  if (refused.some(({ kind }) => kind === 'proof')) return { verdict: 'broken', ...outcome };
  if (candidates.length === 0) return { verdict: 'unsigned', ...outcome };
  if (rule.level !== 'audit') return { verdict: 'untrusted', ...outcome };
  // What audit does not enforce it tells: that the signer is not one of those named.
  const told = refused.map(({ source, reason }) => `${source}: ${reason}`);
  return { verdict: 'accepted', ...outcome, warnings: [...outcome.warnings, ...told] };
}

async function contentFault({ checkContent }: Candidate): Promise<SignatureFault | undefined> {
  try {
    await checkContent();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof SignatureFault) return thrown;
    throw thrown;
  }
}

/** The first way of the rule that accepts the signature. Of several refusals the one that says most is told: that it is wrong, else the last. */
async function signerOf(
  candidate: Candidate,
  rule: TrustRule,
  conditions: Conditions,
): Promise<{ readonly method: Method; readonly signer: ProvenSigner }> {
  let fault: SignatureFault | undefined;
  for (const acceptance of rule.accept.filter(({ method }) => KINDS[method] === candidate.kind)) {
    try {
      const found = await candidate.signerFor(acceptance, conditions.nowMs);
      const signer = 'identity' in found ? found : await proveSigner(found, acceptance, conditions);
      return { method: acceptance.method, signer };
    } catch (thrown) {
      if (!(thrown instanceof SignatureFault)) throw thrown;
      if (fault === undefined || fault.isOtherForm || (fault.kind !== 'proof' && !thrown.isOtherForm)) fault = thrown;
    }
  }
  throw fault ?? untrusted(`no rule accepts a signature of this kind (${candidate.kind})`);
}

/** What no accepted signature covers. */
function common(before: readonly string[] | undefined, now: readonly string[]): readonly string[] {
  return before === undefined ? now : before.filter((name) => now.includes(name));
}
