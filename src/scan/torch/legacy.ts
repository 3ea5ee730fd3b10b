import { PLAIN } from '../pickle/judge/plain-profile.js';
import { TORCH } from '../pickle/judge/torch-profile.js';
import { runPickle } from '../pickle/machine.js';
import type { PickleRun } from '../pickle/port.js';
import type { ByteSource, Format, FormatScan, ScanContext } from '../port.js';
import { ScanReport } from '../report.js';
import { judgeStreams } from './judge-streams.js';
import { isTorchLegacy, keysOf, legacyFaults, readLegacyStorages } from './legacy-layout.js';
import { storagesOf } from './storages.js';

const STREAMS = 5;

/** Checkpoints as `torch.save` wrote them before 1.6: five pickles, and then the storages, accounted for to the byte. */
export const torchLegacyFormat: Format = {
  format: 'torch-legacy',
  claims: isTorchLegacy,
  async scan(bytes: ByteSource, context: ScanContext): Promise<FormatScan> {
    const report = new ScanReport(context);
    const runs: PickleRun[] = [];
    let at = 0;
    while (runs.length < STREAMS && at < bytes.sizeBytes && runs.at(-1)?.outcome !== 'broken') {
      const options = { isPersistentIdAllowed: true, isEncodingUtf8: true };
      const run = await runPickle(bytes, at, context.members, options);
      runs.push(run);
      report.claim(run.startByte, run.endByte, 'pickle');
      at = run.endByte;
    }
    report.include(await judgeStreams(runs, [PLAIN, TORCH], bytes, context));
    for (const fault of legacyFaults(runs)) report.find('TORCH-LAYOUT', fault, { verdict: 'ERROR' });
    const { uses, faults } = storagesOf(runs.flatMap(({ persistentIds }) => persistentIds));
    for (const fault of faults) report.find('TORCH-STORAGE', fault, { verdict: 'ERROR' });
    const keys = keysOf(runs[STREAMS - 1]?.root);
    if (keys === undefined) return report.result('torch-legacy');
    const found = await readLegacyStorages(bytes, at, keys, uses);
    for (const fault of found.faults) report.find('TORCH-STORAGE', fault, { verdict: 'ERROR' });
    for (const { dataStartByte, sizeBytes } of found.storages)
      report.claim(dataStartByte - 8, dataStartByte + sizeBytes, 'tensor data');
    if (found.endByte < bytes.sizeBytes && found.faults.length === 0) {
      const evidence = `${bytes.sizeBytes - found.endByte} bytes behind the last storage`;
      report.find('TORCH-LAYOUT', evidence, { verdict: 'ERROR', offsetBytes: found.endByte });
    }
    return report.result('torch-legacy');
  },
};
