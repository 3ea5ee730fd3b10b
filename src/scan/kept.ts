import type { FileScan } from './scan-file.js';

/** A scan as it is kept: without what it says of members, and of findings the worst `mostFindings`. */
export function toKept(scan: FileScan, mostFindings: number): FileScan {
  return { ...scan, findings: scan.findings.slice(0, mostFindings), members: [] };
}
