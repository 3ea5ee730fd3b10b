import type { ByteSource, Format, FormatScan, ScanContext } from '../port.js';
import { ScanReport } from '../report.js';
import { sliceOf } from '../sources.js';
import { isNpz } from '../npy/npz.js';
import { readZip, type ZipArchive, type ZipFault, type ZipMember } from './archive.js';
import { openMember } from './open-member.js';

/** Beyond this many containers around it an archive is a bomb. */
const MOST_DEPTH = 4;

/**
 * Zip archives of every kind. Each member is scanned by its content, whatever its name; checkpoints of PyTorch are then read as such. Nothing is
 * unpacked to disk.
 */
export const zipFormat: Format = {
  format: 'zip',
  claims: (start) => /^PK(?:\u0003\u0004|\u0005\u0006|\u0006\u0006|00PK|\u0007\u0008)/.test(start.toString('latin1', 0, 8)),
  async scan(bytes: ByteSource, context: ScanContext): Promise<FormatScan> {
    const report = new ScanReport(context);
    if (context.depth > MOST_DEPTH) {
      report.find('LIMIT-HIT', `an archive in ${context.depth} others`, { verdict: 'NOT_SCANNED' });
      return report.result('zip');
    }
    const archive = await readZip(bytes);
    for (const { startByte, endByte, what } of archive.attributions) report.claim(startByte, endByte, what);
    reportFaults(report, archive.faults);
    await scanGaps(bytes, archive, context, report);
    // Members that share bytes unpack to more than any limit; the archive is refused as it is.
    if (archive.faults.some(({ rule }) => rule === 'ZIP-OVERLAP')) return report.result('zip');
    for (const member of archive.members) await scanMember(bytes, member, context, report);
    return report.result(isNpz(archive) ? 'npz' : 'zip');
  },
};

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

/** What lies between members is seen by readers that go by local headers, or by those that begin elsewhere. */
async function scanGaps(
  bytes: ByteSource,
  archive: ZipArchive,
  context: ScanContext,
  report: ScanReport,
): Promise<void> {
  for (const { startByte, endByte } of archive.gaps)
    report.include(await context.scanInside(sliceOf(bytes, startByte, endByte - startByte), `bytes at ${startByte}`));
}
