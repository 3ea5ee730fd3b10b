import type { ByteSource, Format, FormatScan, ScanContext } from '../port.js';
import { ScanReport } from '../report.js';
import { sliceOf } from '../sources.js';
import { isNpz } from '../npy/npz.js';
import { isExportedProgram, isTorchZip } from '../torch/records.js';
import { scanTorchZip } from '../torch/torch-zip.js';
import { readZip, type ZipArchive } from './archive.js';
import { reportFaults, scanMember } from './scan-members.js';

/** Beyond this many containers around it an archive is a bomb. */
const MOST_DEPTH = 4;

/**
 * Zip archives of every kind. Each member is scanned by its content, whatever its name; checkpoints of PyTorch are then read as such. Nothing is
 * unpacked to disk.
 */
export const zipFormat: Format = {
  format: 'zip',
  claims: (start) =>
    /^PK(?:\u0003\u0004|\u0005\u0006|\u0006\u0006|00PK|\u0007\u0008)/.test(start.toString('latin1', 0, 8)),
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
    if (isTorchZip(archive)) return scanTorchZip(bytes, archive, context, report);
    if (isExportedProgram(archive)) report.find('TORCH-PT2', 'a program that torch.export wrote');
    for (const member of archive.members) await scanMember(bytes, member, context, report);
    return report.result(isNpz(archive) ? 'npz' : 'zip');
  },
};

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
