import { FormatFault } from '../format-fault.js';
import { PLAIN } from '../pickle/judge/plain-profile.js';
import { TORCH } from '../pickle/judge/torch-profile.js';
import { runPickle } from '../pickle/machine.js';
import type { PickleRun } from '../pickle/port.js';
import type { ByteSource, Format, FormatScan, ScanContext } from '../port.js';
import { ScanReport } from '../report.js';
import { sliceOf } from '../sources.js';
import { judgeStreams } from './judge-streams.js';
import { isTorchLegacy, keysOf, legacyFaults, readLegacyStorages, type LegacyStorage } from './legacy-layout.js';
import type { TorchCheckpoint } from './records.js';
import { storagesOf } from './storages.js';

const STREAMS = 5;
/** Which of them is what was saved. */
const OBJECT = 3;

interface LegacyFault {
  readonly rule: 'TORCH-LAYOUT' | 'TORCH-STORAGE';
  readonly evidence: string;
  readonly offsetBytes?: number;
}

interface LegacyReading {
  readonly runs: readonly PickleRun[];
  readonly storages: readonly LegacyStorage[];
  readonly faults: readonly LegacyFault[];
}

/** Five pickles, and then the storages, accounted for to the byte. */
async function readLegacy(bytes: ByteSource, members: readonly string[]): Promise<LegacyReading> {
  const runs: PickleRun[] = [];
  let at = 0;
  while (runs.length < STREAMS && at < bytes.sizeBytes && runs.at(-1)?.outcome !== 'broken') {
    const run = await runPickle(bytes, at, members, { isPersistentIdAllowed: true, isEncodingUtf8: true });
    runs.push(run);
    at = run.endByte;
  }
  const layout = (evidence: string): LegacyFault => ({ rule: 'TORCH-LAYOUT', evidence });
  const storage = (evidence: string): LegacyFault => ({ rule: 'TORCH-STORAGE', evidence });
  const { uses, faults: disagreeing } = storagesOf(runs.flatMap(({ persistentIds }) => persistentIds));
  const faults = [...legacyFaults(runs).map(layout), ...disagreeing.map(storage)];
  const keys = keysOf(runs[STREAMS - 1]?.root);
  if (keys === undefined) return { runs, storages: [], faults };
  const found = await readLegacyStorages(bytes, at, keys, uses);
  faults.push(...found.faults.map(storage));
  if (found.endByte < bytes.sizeBytes && found.faults.length === 0) {
    const evidence = `${bytes.sizeBytes - found.endByte} bytes behind the last storage`;
    faults.push({ ...layout(evidence), offsetBytes: found.endByte });
  }
  return { runs, storages: found.storages, faults };
}

/** Checkpoints as `torch.save` wrote them before 1.6, and does when asked. */
export const torchLegacyFormat: Format = {
  format: 'torch-legacy',
  claims: isTorchLegacy,
  async scan(bytes: ByteSource, context: ScanContext): Promise<FormatScan> {
    const report = new ScanReport(context);
    const { runs, storages, faults } = await readLegacy(bytes, context.members);
    for (const { startByte, endByte } of runs) report.claim(startByte, endByte, 'pickle');
    report.include(await judgeStreams(runs, [PLAIN, TORCH], bytes, context));
    for (const { rule, evidence, ...place } of faults) report.find(rule, evidence, { verdict: 'ERROR', ...place });
    for (const { dataStartByte, sizeBytes } of storages)
      report.claim(dataStartByte - 8, dataStartByte + sizeBytes, 'tensor data');
    return report.result('torch-legacy');
  },
};

/**
 * Opens such a checkpoint for reading its tensors: only where all of it is accounted for. The streams are not judged.
 * @throws FormatFault TORCH-LAYOUT, TORCH-STORAGE
 */
export async function openTorchLegacy(bytes: ByteSource): Promise<TorchCheckpoint> {
  const { runs, storages, faults } = await readLegacy(bytes, []);
  const [fault] = faults;
  if (fault !== undefined) throw new FormatFault(fault.rule, fault.evidence);
  return {
    runs,
    profiles: [PLAIN, TORCH],
    root: runs[OBJECT]?.root,
    byteOrder: 'little',
    storages: new Map(
      storages.map(({ key, dataStartByte, sizeBytes }) => [key, sliceOf(bytes, dataStartByte, sizeBytes)]),
    ),
  };
}
