import type { ByteSource, Format, FormatScan, ScanContext } from '../port.js';
import { ScanReport } from '../report.js';
import { sliceOf } from '../sources.js';
import { isTorchTar } from '../torch/torch-tar.js';
import { hostileName, nameKey } from '../zip/names.js';
import { isTarHeader } from './header.js';
import { isFile, readTar, type TarMember } from './members.js';

const FOLDER = '5';

/** Tar archives, NeMo's models among them. Each member is scanned by its content. */
export const tarFormat: Format = {
  format: 'tar',
  claims: isTarHeader,
  async scan(bytes: ByteSource, context: ScanContext): Promise<FormatScan> {
    const report = new ScanReport(context);
    const { members, attributions, fault } = await readTar(bytes);
    for (const { startByte, endByte, what } of attributions) report.claim(startByte, endByte, what);
    if (fault?.rule === 'LIMIT-HIT') report.find('LIMIT-HIT', fault.message, { verdict: 'NOT_SCANNED' });
    else if (fault !== undefined) report.find('TAR-HEADER', fault.message, { verdict: 'ERROR' });
    if (isTorchTar(members)) report.find('TORCH-TAR', 'pickle, storages and tensors in a tar', { verdict: 'FINDINGS' });
    checkNames(members, report);
    for (const { name, type, dataStartByte, sizeBytes } of members) {
      context.signal?.throwIfAborted();
      if (!isFile(type)) continue;
      report.claim(dataStartByte, dataStartByte + sizeBytes, 'member');
      report.include(await context.scanInside(sliceOf(bytes, dataStartByte, sizeBytes), name));
    }
    return report.result('tar');
  },
};

function checkNames(members: readonly TarMember[], report: ScanReport): void {
  const seen = new Set<string>();
  for (const { name, type, headerStartByte } of members) {
    const refuse = (rule: 'TAR-NAME' | 'TAR-LINK', evidence: string): void =>
      report.find(rule, evidence, { verdict: 'ERROR', member: name, offsetBytes: headerStartByte });
    // `tar -C folder .` writes the folder itself, and all of it below `./`.
    const hostile = /^\.\/*$/.test(name) && type === FOLDER ? undefined : hostileName(name);
    if (hostile !== undefined) refuse('TAR-NAME', hostile);
    const key = nameKey(name).replace(/^(?:\.\/+)+/, '');
    if (seen.has(key)) refuse('TAR-NAME', 'a name that is there twice');
    seen.add(key);
    if (!isFile(type) && type !== FOLDER) refuse('TAR-LINK', `a member of type ${JSON.stringify(type)}`);
  }
}
