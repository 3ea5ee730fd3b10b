import { verdictOfFindings, worstOf } from './aggregate.js';
import { JUDGES } from './judges.js';
import type { Finding, Inventory } from './port.js';
import { RULES_DIGEST } from './rules-digest.js';
import type { FileScan } from './scan-file.js';

/** What the rules of today say of an inventory, without the bytes. */
export function judgeInventory(inventory: Inventory): readonly Finding[] {
  return JUDGES.flatMap((judge) => judge(inventory));
}

/**
 * A verdict that was kept, under the rules of today. It only gets worse: what was refused once is read again before it passes,
 * and what the bytes themselves are (coverage, faults) stays as it was.
 */
export function rejudge(held: FileScan): FileScan {
  const known = new Set(held.findings.map(keyOf));
  const fresh = judgeInventory(held.inventory).filter((found) => !known.has(keyOf(found)));
  const findings = [...held.findings, ...fresh];
  return { ...held, findings, verdict: worstOf([held.verdict, verdictOfFindings(fresh)]), rulesDigest: RULES_DIGEST };
}

function keyOf({ rule, severity, evidence }: Finding): string {
  return [rule, severity, evidence].join('\n');
}
