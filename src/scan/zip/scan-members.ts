import type { ByteSource, FormatScan, ScanContext } from '../port.js';
import type { ScanReport } from '../report.js';
import type { ZipFault, ZipMember } from './archive.js';
import { openMember } from './open-member.js';

export function reportFaults(report: ScanReport, faults: readonly ZipFault[]): void {
  for (const { rule, evidence, ...details } of faults) report.find(rule, evidence, details);
}

/** One member by what is in it, whatever its name. */
export async function scanMember(
  bytes: ByteSource,
  member: ZipMember,
  context: ScanContext,
  report: ScanReport,
): Promise<FormatScan | undefined> {
  context.signal?.throwIfAborted();
  if (member.isDirectory && member.packedBytes === 0) return undefined;
  const opened = await openMember(bytes, member, { isCrcChecked: true });
  reportFaults(report, opened.faults);
  report.claim(member.dataStartByte, member.dataStartByte + member.packedBytes, 'member');
  if (opened.bytes === undefined) return undefined;
  const inner = await context.scanInside(opened.bytes, member.name);
  report.include(inner);
  return inner;
}
