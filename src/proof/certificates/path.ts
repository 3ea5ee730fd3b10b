import { SignatureFault, untrusted } from '../signature-fault.js';
import { isSignedBy, keyWeakness } from './algorithm.js';
import type { Certificate } from './certificate.js';
import { checkNameConstraints } from './name-constraints.js';
import { OID } from './object-ids.js';
import { checkAuthority, checkProfile, type Profile } from './profile.js';
import { revocationOf, type RevocationEvidence } from './revocation-state.js';

/** What a rule makes of something that is not as it should be: refuse, or go on and say so. */
export type Strictness = 'enforce' | 'log' | 'skip';

export interface PathRequest extends RevocationEvidence {
  readonly leaf: Certificate;
  /** Certificates that came along. Nobody trusts them; they may lead to a root. */
  readonly others: readonly Certificate[];
  readonly roots: readonly Certificate[];
  /** When the signature was made, as somebody trusted says; else now. */
  readonly atMs: number;
  readonly nowMs: number;
  readonly profile: Profile;
  readonly expiry: Strictness;
  readonly revocation: Strictness;
}

export interface ValidPath {
  /** Leaf first, root last. */
  readonly certificates: readonly Certificate[];
  readonly warnings: readonly string[];
}

const MOST_DEPTH = 8;
const MOST_OTHERS = 20;
/** Signatures of certificates that are checked before the search is given up: names alone could make it endless. */
const MOST_CHECKS = 200;

/**
 * A path from the leaf to a root (RFC 5280, 6.1), with every check of every certificate on it. Policies are not processed; a critical constraint on them is refused.
 * @throws SignatureFault trust, with the reason of the path that came farthest
 */
export function validatePath(request: PathRequest): ValidPath {
  if (request.others.length > MOST_OTHERS) throw untrusted(`more than ${MOST_OTHERS} certificates`);
  const search: Search = { request, checks: 0, deepest: 0, fault: undefined };
  const path = extend([request.leaf], search);
  if (path !== undefined) return path;
  throw search.fault ?? untrusted(`${request.leaf.subjectText || 'the signer'}: no path to a root of the policy`);
}

interface Search {
  readonly request: PathRequest;
  checks: number;
  deepest: number;
  fault: SignatureFault | undefined;
}

function extend(path: readonly Certificate[], search: Search): ValidPath | undefined {
  const last = path.at(-1);
  if (last === undefined || path.length >= MOST_DEPTH) return undefined;
  const { roots, others } = search.request;
  const candidates = [...roots.map((one) => [one, true] as const), ...others.map((one) => [one, false] as const)];
  for (const [issuer, isRoot] of candidates) {
    if (!issuer.subject.equals(last.issuer) || path.some(({ der }) => der.equals(issuer.der))) continue;
    if (!keyIdsAgree(last, issuer)) continue;
    try {
      checkIssuer(last, issuer, path, search);
      if (isRoot) return { certificates: [...path, issuer], warnings: checkPath([...path, issuer], search.request) };
    } catch (thrown) {
      if (!(thrown instanceof SignatureFault)) throw thrown;
      if (path.length >= search.deepest) [search.deepest, search.fault] = [path.length, thrown];
      continue;
    }
    const found = extend([...path, issuer], search);
    if (found !== undefined) return found;
  }
  return undefined;
}

function keyIdsAgree(child: Certificate, issuer: Certificate): boolean {
  const [wanted, given] = [child.extensions.authorityKeyId, issuer.extensions.subjectKeyId];
  return wanted === undefined || given === undefined || wanted.equals(given);
}

/** Whether `issuer` may and did sign the last of `path`. */
function checkIssuer(child: Certificate, issuer: Certificate, path: readonly Certificate[], search: Search): void {
  const name = issuer.subjectText;
  const { basicConstraints, keyUsage } = issuer.extensions;
  if (issuer.version !== 3 || basicConstraints?.isCa !== true) throw untrusted(`${name} is not an authority`);
  if (keyUsage !== undefined && !keyUsage.bits.has('keyCertSign')) throw untrusted(`${name} may not sign certificates`);
  const between = path.slice(1).filter((one) => !one.issuer.equals(one.subject)).length;
  if (basicConstraints.pathLength !== undefined && between > basicConstraints.pathLength)
    throw untrusted(`${name} allows ${basicConstraints.pathLength} authorities below it`);
  search.checks += 1;
  if (search.checks > MOST_CHECKS) throw untrusted('too many certificates that could lead to a root');
  const weakness = keyWeakness(issuer.publicKey);
  if (weakness !== undefined) throw untrusted(`${name} has ${weakness}`);
  if (!isSignedBy(child.tbs, child.signature, child.algorithm, issuer.publicKey))
    throw untrusted(`${child.subjectText || 'the leaf'} was not signed by ${name}`);
}

function checkPath(path: readonly Certificate[], request: PathRequest): readonly string[] {
  const { leaf, profile } = request;
  const warnings: string[] = [];
  const complain = (strictness: Strictness, reason: string): void => {
    if (strictness === 'enforce') throw untrusted(reason);
    if (strictness === 'log') warnings.push(reason);
  };
  for (const [index, certificate] of path.entries()) {
    const name = certificate.subjectText || 'the leaf';
    const { unknownCritical, extendedKeyUsage } = certificate.extensions;
    if (unknownCritical.length > 0)
      throw untrusted(`${name} has a critical extension that is not known (${unknownCritical.join(', ')})`);
    const time = outsideOf(certificate, request.atMs);
    if (time !== undefined) complain(request.expiry, `${name} ${time}`);
    const purpose = profile.purpose;
    const isLimited = extendedKeyUsage !== undefined && !extendedKeyUsage.purposes.includes(OID.anyUsage);
    if (index > 0 && purpose !== undefined && isLimited && !extendedKeyUsage.purposes.includes(purpose))
      throw untrusted(`${name} is no authority for this purpose`);
    if (index > 0) checkAuthority(certificate, profile);
    for (const authority of path.slice(index + 1)) {
      const isSelfIssued = certificate.issuer.equals(certificate.subject);
      if (index === 0 || !isSelfIssued) checkNameConstraints(certificate, authority);
    }
    const issuer = path[index + 1];
    if (issuer === undefined || request.revocation === 'skip') continue;
    const state = revocationOf(certificate, issuer, request, request);
    if (state.is !== 'good') complain(request.revocation, `${name}: ${state.reason}`);
  }
  const weakness = keyWeakness(leaf.publicKey);
  if (weakness !== undefined) throw untrusted(`the signer has ${weakness}`);
  checkProfile(leaf, profile);
  return warnings;
}

function outsideOf({ notBeforeMs, notAfterMs }: Certificate, atMs: number): string | undefined {
  if (atMs < notBeforeMs) return `is not valid before ${new Date(notBeforeMs).toISOString()}`;
  // The last second counts as a whole: times in certificates know no fractions.
  if (atMs >= notAfterMs + 1000) return `expired ${new Date(notAfterMs).toISOString()}`;
  return undefined;
}
