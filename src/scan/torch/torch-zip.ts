import { PLAIN } from '../pickle/judge/plain-profile.js';
import { TORCH } from '../pickle/judge/torch-profile.js';
import { runPickle } from '../pickle/machine.js';
import type { ByteSource, FormatScan, ScanContext } from '../port.js';
import type { ScanReport } from '../report.js';
import { METHODS } from '../zip/records.js';
import type { ZipArchive, ZipMember } from '../zip/archive.js';
import { openMember } from '../zip/open-member.js';
import { reportFaults, scanMember } from '../zip/scan-members.js';
import { judgeStreams } from './judge-streams.js';
import { readNote, torchRecords, type TorchRecords } from './records.js';
import { storagesOf, type StorageUse } from './storages.js';

const FORMAT = 'torch-zip';

/**
 * A checkpoint of PyTorch: its pickle is judged by what PyTorch's restricted unpickler loads, and each storage must have exactly the bytes that the
 * pickle says. Checksums of stored storages are computed only where that is wanted: PyTorch does not look at them, numbers do nothing, and reading them
 * is all that judging a checkpoint would cost. Everything else in it is scanned by its content.
 */
export async function scanTorchZip(
  bytes: ByteSource,
  archive: ZipArchive,
  context: ScanContext,
  report: ScanReport,
): Promise<FormatScan> {
  const records = torchRecords(archive);
  if (records === undefined) return report.result(FORMAT);
  for (const fault of records.faults) report.find('TORCH-LAYOUT', fault, { verdict: 'ERROR' });
  if (records.script.length > 0) report.find('TORCH-SCRIPT', `${records.script.length} records of a program`);
  const uses = await scanPickle(bytes, records, context, report);
  await scanNotes(bytes, records, context, report);
  for (const [key, member] of records.storages) {
    const use = uses.get(key);
    if (use === undefined) await scanMember(bytes, member, context, report);
    else await checkStorage(bytes, member, use, context, report);
  }
  for (const [key, { elements }] of uses)
    if (elements > 0 && !records.storages.has(key))
      report.find('TORCH-STORAGE', `storage ${key} is not there`, { verdict: 'ERROR' });
  for (const member of [...records.script, ...records.others]) await scanMember(bytes, member, context, report);
  return report.result(FORMAT);
}

async function scanPickle(
  bytes: ByteSource,
  { pickle }: TorchRecords,
  context: ScanContext,
  report: ScanReport,
): Promise<ReadonlyMap<string, StorageUse>> {
  const opened = await openMember(bytes, pickle, { isCrcChecked: true });
  reportFaults(report, opened.faults);
  report.claim(pickle.dataStartByte, pickle.dataStartByte + pickle.packedBytes, 'pickle');
  if (opened.bytes === undefined) return new Map();
  const inside = [...context.members, pickle.name];
  const run = await runPickle(opened.bytes, 0, inside, { isPersistentIdAllowed: true, isEncodingUtf8: true });
  const scanInside: ScanContext['scanInside'] = (inner, name) => context.scanInside(inner, `${pickle.name}/${name}`);
  const inner = { ...context, members: inside, name: pickle.name, scanInside };
  report.include(await judgeStreams([run], [PLAIN, TORCH], opened.bytes, inner));
  const restBytes = opened.bytes.sizeBytes - run.endByte;
  if (restBytes > 0 && run.outcome !== 'broken')
    report.find('TORCH-LAYOUT', `${restBytes} bytes behind its pickle`, { verdict: 'ERROR', member: pickle.name });
  const { uses, faults } = storagesOf(run.persistentIds);
  for (const fault of faults) report.find('TORCH-STORAGE', fault, { verdict: 'ERROR', member: pickle.name });
  return uses;
}

/** `byteorder`, `version` and their like are one word each. */
async function scanNotes(
  bytes: ByteSource,
  { notes }: TorchRecords,
  context: ScanContext,
  report: ScanReport,
): Promise<void> {
  for (const [name, member] of notes) {
    const opened = await openMember(bytes, member, { isCrcChecked: true });
    const note = opened.bytes === undefined ? undefined : await readNote(opened.bytes);
    if (note === undefined) {
      await scanMember(bytes, member, context, report);
      continue;
    }
    reportFaults(report, opened.faults);
    report.claim(member.dataStartByte, member.dataStartByte + member.packedBytes, 'torch record');
    if (name === 'byteorder' && note !== 'little' && note !== 'big')
      report.find('TORCH-LAYOUT', `a byte order of ${note}`, { verdict: 'ERROR', member: member.name });
  }
}

async function checkStorage(
  bytes: ByteSource,
  member: ZipMember,
  use: StorageUse,
  { signal, areAllChecksumsWanted = false }: ScanContext,
  report: ScanReport,
): Promise<void> {
  signal?.throwIfAborted();
  const isStored = member.method === METHODS.stored && member.packedBytes === member.sizeBytes;
  const { faults } = await openMember(bytes, member, { isCrcChecked: areAllChecksumsWanted || !isStored });
  reportFaults(report, faults);
  report.claim(member.dataStartByte, member.dataStartByte + member.packedBytes, 'tensor data');
  const wantedBytes = use.elements * use.itemBytes;
  if (member.sizeBytes === wantedBytes) return;
  const evidence = `${member.sizeBytes} bytes for ${use.elements} elements of ${use.storageClass}`;
  report.find('TORCH-STORAGE', evidence, { verdict: 'ERROR', member: member.name });
}
