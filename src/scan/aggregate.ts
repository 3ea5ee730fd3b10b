import type { Finding, Severity, Verdict } from './port.js';

/** From the best to the worst. What is wrong in itself stands above what is dangerous: of such bytes nobody can say all that a reader would do. */
const ORDER: readonly Verdict[] = ['CLEAN', 'REVIEW', 'NOT_SCANNED', 'FINDINGS', 'ERROR'];

/** What a finding alone makes of a file: critical and high refuse, medium asks a person, low and info only tell. */
const BY_SEVERITY: Readonly<Record<Severity, Verdict>> = {
  critical: 'FINDINGS',
  high: 'FINDINGS',
  medium: 'REVIEW',
  low: 'CLEAN',
  info: 'CLEAN',
};

/** The worst of them; CLEAN of none. */
export function worstOf(verdicts: Iterable<Verdict>): Verdict {
  let worst = 0;
  for (const verdict of verdicts) worst = Math.max(worst, ORDER.indexOf(verdict));
  return ORDER[worst] ?? 'ERROR';
}

/** The verdict by the findings alone. */
export function verdictOfFindings(findings: readonly Finding[]): Verdict {
  return worstOf(findings.map(({ severity }) => BY_SEVERITY[severity]));
}
