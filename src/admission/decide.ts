import { formatBytes, formatDuration } from '../base/index.js';
import { compilePattern } from '../hubs/index.js';
import type { Finding, Severity } from '../scan/index.js';
import { MOST_KEPT_FINDINGS } from './evidence/kept-scans.js';
import { ownFindings } from './own-findings.js';
import { judgeLicence } from './licence/index.js';
import type { Policy, Response, Waiver } from './policy/policy.js';
import type { NamedPolicy } from './policy/read-policy.js';
import type { Decision, FileEvidence, HookResult, Reason, RevisionFacts, SignatureFacts } from './port.js';

/** What a decision is made with besides its evidence. */
export interface Deciding {
  readonly policy: NamedPolicy;
  /** Rules that the user lets pass this once; `all` of the scanner's. */
  readonly allow: readonly string[];
  readonly nowMs: number;
}

const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];
const MOST_FINDINGS_TOLD = 5;

/** Whether one file may be seen, whatever revision it is part of. Pure. */
export function decideFile(file: FileEvidence, ref: string, deciding: Deciding): Decision {
  const { policy } = deciding.policy;
  const reasons = [
    ...formatReasons(file, policy),
    ...scanReasons(file, policy),
    ...sizeReasons(file, policy),
    ...file.hooks.flatMap((result) => hookReasons(result)),
  ];
  const about = reasons.map((reason) => ({ ...reason, path: file.path }));
  return conclude(excuse(about, ref, file.sha256, deciding), deciding);
}

/** Whether a revision may be seen, for what holds of it as a whole. Pure. */
export function decideRevision(
  facts: RevisionFacts,
  digests: readonly (string | undefined)[],
  deciding: Deciding,
): Decision {
  const { policy } = deciding.policy;
  const reasons = [
    ...licenceReasons(facts, policy),
    ...ageReasons(facts, policy, deciding.nowMs),
    ...wholeSizeReasons(facts, policy),
    ...signatureReasons(facts, digests, policy),
  ];
  return conclude(excuse(reasons, facts.ref, undefined, deciding), deciding);
}

/** Whether something may be seen of which nothing else is known than who signed it. Pure. */
export function decideSignature(
  ref: string,
  signed: SignatureFacts,
  digests: readonly (string | undefined)[],
  deciding: Deciding,
): Decision {
  const reasons = signatureReasons(signed, digests, deciding.policy.policy);
  return conclude(excuse(reasons, ref, undefined, deciding), deciding);
}

/** Decisions about parts as one about all of it. */
export function joinDecisions(parts: readonly Decision[], { policy: { policy, digest } }: Deciding): Decision {
  return conclude(
    parts.flatMap(({ reasons }) => reasons),
    { policy: { policy, digest } },
  );
}

const ORDER: readonly Reason['verdict'][] = ['refuse', 'warn', 'waived', 'pass'];

function conclude(reasons: readonly Reason[], { policy: { policy, digest } }: Pick<Deciding, 'policy'>): Decision {
  const sorted = [...reasons].sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
  const verdict = sorted[0]?.verdict === 'refuse' ? 'refused' : 'admitted';
  return { verdict, reasons: sorted, policy: policy.name, policyDigest: digest };
}

function answer(response: Response): Reason['verdict'] {
  return response === 'admit' ? 'pass' : response;
}

function formatReasons({ scan: { formats } }: FileEvidence, { formats: { allow, deny } }: Policy): readonly Reason[] {
  const denied = formats.find((format) => deny.includes(format));
  if (denied !== undefined)
    return [{ rule: 'FORMAT', value: denied, threshold: `none of ${deny.join(', ')}`, verdict: 'refuse' }];
  if (allow === undefined) return [];
  const strange = formats.length === 0 ? 'unknown' : formats.find((format) => !allow.includes(format));
  const verdict = strange === undefined ? 'pass' : 'refuse';
  return [{ rule: 'FORMAT', value: strange ?? formats.join(', '), threshold: allow.join(', '), verdict }];
}

/** Findings count by their own weight, whatever the verdict; the verdict counts for what no finding says. */
function scanReasons({ scan }: FileEvidence, { scan: rules, rules: own }: Policy): readonly Reason[] {
  const found = [...ownFindings(scan.inventory, own), ...scan.findings];
  const findings = found.filter(({ rule }) => !rules.ignore.includes(rule));
  const limit = rules.refuse === undefined ? -1 : SEVERITIES.indexOf(rules.refuse);
  const threshold = rules.refuse === undefined ? 'no finding refuses' : `below ${rules.refuse}`;
  const isBad = (severity: Severity): boolean => SEVERITIES.indexOf(severity) <= limit;
  const bad = findings.filter(({ severity }) => isBad(severity));
  const isOther = (severity: Severity): boolean => !isBad(severity) && severity !== 'info' && severity !== 'low';
  const other = findings.filter(({ severity }) => isOther(severity));
  const reasons = findingReasons(bad, () => threshold, 'refuse');
  if (rules.below !== 'admit')
    reasons.push(...findingReasons(other, ({ severity }) => `nothing of ${severity}`, answer(rules.below)));
  // The worst are kept: where the last of them refuses, others may have been let go of, and nobody has excused those.
  const last = scan.findings[MOST_KEPT_FINDINGS - 1];
  if (last !== undefined && (isBad(last.severity) || (rules.below === 'refuse' && isOther(last.severity))))
    reasons.push({ rule: 'FINDINGS', value: 'more than are kept', threshold, verdict: 'refuse' });
  const byVerdict = { REVIEW: rules.review, NOT_SCANNED: rules.notScanned, ERROR: rules.error } as const;
  // What was ignored may be all that REVIEW stands for. What was not read, or is broken, stays so whatever is ignored; of very many findings the last were let go.
  const asking = scan.findings.filter(({ severity }) => severity === 'medium');
  const isIgnored =
    scan.verdict === 'REVIEW' &&
    asking.length > 0 &&
    scan.findings.length < MOST_KEPT_FINDINGS &&
    asking.every(({ rule }) => rules.ignore.includes(rule));
  if (scan.verdict === 'CLEAN' || isIgnored) return reasons;
  if (scan.verdict !== 'FINDINGS') {
    const response = byVerdict[scan.verdict];
    return [...reasons, { rule: scan.verdict, value: scan.verdict, threshold: 'CLEAN', verdict: answer(response) }];
  }
  return reasons;
}

/** The first of them one by one; of the others that refuse how many there are of each rule, so that what excuses one rule excuses no other. */
function findingReasons(
  findings: readonly Finding[],
  thresholdOf: (finding: Finding) => string,
  verdict: Reason['verdict'],
): Reason[] {
  const reasons = findings.slice(0, MOST_FINDINGS_TOLD).map((finding): Reason => {
    const { rule, severity, evidence, members } = finding;
    const value = `${severity}: ${[...members, evidence].join(' › ')}`;
    return { rule, value, threshold: thresholdOf(finding), verdict };
  });
  if (verdict !== 'refuse') return reasons;
  const rest = findings.slice(MOST_FINDINGS_TOLD);
  for (const [rule, first] of new Map([...rest].reverse().map((finding) => [finding.rule, finding])))
    reasons.push({
      ...{ rule, verdict, threshold: thresholdOf(first) },
      value: `${rest.filter((finding) => finding.rule === rule).length} more`,
    });
  return reasons;
}

function sizeReasons({ sizeBytes }: FileEvidence, { size: { fileBytes } }: Policy): readonly Reason[] {
  if (fileBytes === undefined) return [];
  const verdict = sizeBytes !== undefined && sizeBytes <= fileBytes ? 'pass' : 'refuse';
  const value = sizeBytes === undefined ? 'unknown' : formatBytes(sizeBytes);
  return [{ rule: 'SIZE-FILE', value, threshold: formatBytes(fileBytes), verdict }];
}

function hookReasons({ hook, verdict, reasons }: HookResult): readonly Reason[] {
  const value = [verdict, ...reasons.slice(0, MOST_FINDINGS_TOLD)].join(': ');
  return [
    { rule: 'HOOK', value: `${hook} ${value}`, threshold: 'pass', verdict: verdict === 'pass' ? 'pass' : 'refuse' },
  ];
}

function licenceReasons({ licence }: RevisionFacts, { licence: policy }: Policy): readonly Reason[] {
  if (!asksLicence(policy)) return [];
  const judged = judgeLicence(licence, policy);
  const threshold = policy.allow?.join(', ') ?? (policy.deny.length > 0 ? `not ${policy.deny.join(', ')}` : 'any');
  const told = { rule: 'LICENCE', value: judged.value, threshold };
  if (judged.verdict === 'fine') return [{ ...told, verdict: 'pass' }];
  if (judged.verdict === 'unknown') return [{ ...told, verdict: answer(policy.unknown) }];
  if (judged.verdict === 'denied') return [{ ...told, value: `${judged.value} (${judged.why})`, verdict: 'refuse' }];
  const value = `${judged.value} (${judged.why})`;
  return [{ rule: 'LICENCE-CONTRADICTION', value, threshold: 'the same', verdict: answer(policy.contradiction) }];
}

/** Whether a policy asks what a revision says of its licence: reading that costs. */
export function asksLicence({ allow, deny, unknown, contradiction, commercial }: Policy['licence']): boolean {
  return allow !== undefined || deny.length > 0 || commercial || unknown !== 'admit' || contradiction !== 'admit';
}

function ageReasons({ firstSeenMs }: RevisionFacts, { age: { leastMs } }: Policy, nowMs: number): readonly Reason[] {
  if (leastMs === 0) return [];
  const ageMs = Math.max(0, nowMs - firstSeenMs);
  const until = new Date(firstSeenMs + leastMs).toISOString().slice(0, 16);
  const value = `${formatDuration(ageMs)}, first seen here ${new Date(firstSeenMs).toISOString().slice(0, 16)}Z`;
  const verdict = ageMs >= leastMs ? 'pass' : 'refuse';
  return [{ rule: 'AGE', value, threshold: `${formatDuration(leastMs)}, so not before ${until}Z`, verdict }];
}

function wholeSizeReasons({ sizeBytes }: RevisionFacts, { size: { revisionBytes } }: Policy): readonly Reason[] {
  if (revisionBytes === undefined) return [];
  const verdict = sizeBytes !== undefined && sizeBytes <= revisionBytes ? 'pass' : 'refuse';
  const value = sizeBytes === undefined ? 'unknown' : formatBytes(sizeBytes);
  return [{ rule: 'SIZE-REVISION', value, threshold: formatBytes(revisionBytes), verdict }];
}

/** A signature counts for what it covers: all that is wanted, by somebody who is named. */
function signatureReasons(
  { signatures, unsignedBecause = 'none', wrongBecause }: SignatureFacts,
  digests: readonly (string | undefined)[],
  { signature: { required, from } }: Policy,
): readonly Reason[] {
  if (!required) return [];
  if (wrongBecause !== undefined)
    return [{ rule: WRONG_SIGNATURE, value: wrongBecause, threshold: 'the bytes that were signed', verdict: 'refuse' }];
  const threshold = from.length === 0 ? 'any that is trusted' : from.join(', ');
  const named = signatures.filter(
    ({ identities }) => identities.length > 0 && (from.length === 0 || identities.some((each) => from.includes(each))),
  );
  const whole = named.find(({ covers }) => digests.every((sha256) => sha256 !== undefined && covers.has(sha256)));
  const value =
    whole?.identities.join(', ') ??
    (named.length > 0
      ? 'signed, but not every file'
      : signatures.length > 0
        ? `signed by ${signatures.flatMap(({ identities }) => identities).join(', ')}`
        : unsignedBecause);
  return [{ rule: 'SIGNATURE', value, threshold, verdict: whole === undefined ? 'refuse' : 'pass' }];
}

/** A failure of proof, not of policy. */
export const WRONG_SIGNATURE = 'SIGNATURE-WRONG';

/** What is asked besides the scanner's verdicts, which `--allow all` lets pass: this is not for the one who pulls to excuse. */
const NOT_OF_SCANS = [
  'FORMAT',
  'SIZE-FILE',
  'SIZE-REVISION',
  'HOOK',
  'LICENCE',
  'LICENCE-CONTRADICTION',
  'AGE',
  'SIGNATURE',
  WRONG_SIGNATURE,
];

export function isOfScanner(rule: string): boolean {
  return !NOT_OF_SCANS.includes(rule);
}

function excuse(
  reasons: readonly Reason[],
  ref: string,
  sha256: string | undefined,
  { policy: { policy }, allow, nowMs }: Deciding,
): readonly Reason[] {
  return reasons.map((reason) => {
    if (reason.verdict !== 'refuse' || reason.rule === WRONG_SIGNATURE) return reason;
    if (allow.includes(reason.rule) || (allow.includes('all') && isOfScanner(reason.rule)))
      return { ...reason, verdict: 'warn' };
    const waiver = policy.waivers.find((each) => fits(each, reason, ref, sha256, nowMs));
    if (waiver === undefined) return reason;
    return { ...reason, verdict: 'waived', waiver: { owner: waiver.owner, untilMs: waiver.untilMs } };
  });
}

function fits(waiver: Waiver, { rule }: Reason, ref: string, sha256: string | undefined, nowMs: number): boolean {
  if (waiver.rule !== rule || nowMs > waiver.untilMs) return false;
  if (waiver.digest !== undefined && waiver.digest !== sha256) return false;
  return waiver.ref === undefined || compilePattern(waiver.ref)(ref);
}
