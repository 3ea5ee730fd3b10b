import type { FileScan } from './scan-file.js';

const MOST_FINDINGS = 200;

/** A scan as it is kept: without what it says of members, and of findings the worst. */
export function toKept(scan: FileScan): FileScan {
  return { ...scan, findings: scan.findings.slice(0, MOST_FINDINGS), members: [] };
}
