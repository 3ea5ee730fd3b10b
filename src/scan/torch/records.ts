import { FormatFault } from '../format-fault.js';
import { PLAIN } from '../pickle/judge/plain-profile.js';
import type { PickleProfile } from '../pickle/judge/profile.js';
import { TORCH } from '../pickle/judge/torch-profile.js';
import { runPickle } from '../pickle/machine.js';
import type { PickleRun, PickleValue } from '../pickle/port.js';
import type { ByteSource } from '../port.js';
import { readZip, type ZipArchive, type ZipMember } from '../zip/archive.js';
import { openMember } from '../zip/open-member.js';
import type { TarTensor } from './tar-layout.js';

/** The records of a checkpoint that `torch.save` wrote as a zip, by what PyTorch's readers take them for. */
export interface TorchRecords {
  readonly pickle: ZipMember;
  /** By the key that persistent ids name. */
  readonly storages: ReadonlyMap<string, ZipMember>;
  /** Short texts: `byteorder`, `version` and the like, by their name below the root. */
  readonly notes: ReadonlyMap<string, ZipMember>;
  /** Code of TorchScript and its constants. */
  readonly script: readonly ZipMember[];
  readonly others: readonly ZipMember[];
  /** What breaks the layout: more than one root, records outside of it. */
  readonly faults: readonly string[];
}

/** What a converter needs of a checkpoint, all of it proven to be what every reader would see. */
export interface TorchCheckpoint {
  readonly runs: readonly PickleRun[];
  /** One of which each run must fit. */
  readonly profiles: readonly PickleProfile[];
  /** What was saved. */
  readonly root: PickleValue | undefined;
  /** Of the numbers in the storages. */
  readonly byteOrder: 'little' | 'big';
  /** By the key that persistent ids name. Stored as they are, so that reading them costs nothing more. */
  readonly storages: ReadonlyMap<string, ByteSource>;
  /** By the number that persistent ids name, where the pickle does not say itself what a tensor is. */
  readonly tensors?: ReadonlyMap<string, TarTensor>;
}

const PICKLE = /^[^/]+\/data\.pkl$/;
const NOTES = new Set(['byteorder', 'version', '.format_version', '.storage_alignment', '.data/serialization_id']);
const SCRIPT = /^(?:code\/|constants\.pkl$|constants\/|bytecode\.pkl$|mobile_debug_handles\.json$)/;
const STORAGE = /^data\/([^/]+)$/;

export function isTorchZip({ members }: ZipArchive): boolean {
  return members.some(({ name }) => PICKLE.test(name));
}

/** What `torch.export.save` writes, in its older form and in that of 2.8 and later. */
export function isExportedProgram({ members }: ZipArchive): boolean {
  return members.some(({ name }) => /^(?:[^/]+\/archive_format|serialized_exported_program\.json)$/.test(name));
}

/** Undefined where there is no pickle. Readers take the first member's folder for the root of all. */
export function torchRecords({ members }: ZipArchive): TorchRecords | undefined {
  const root = /^[^/]+\//.exec(members[0]?.name ?? '')?.[0];
  const pickle =
    members.find(({ name }) => name === `${root}data.pkl`) ?? members.find(({ name }) => PICKLE.test(name));
  if (pickle === undefined) return undefined;
  const storages = new Map<string, ZipMember>();
  const notes = new Map<string, ZipMember>();
  const [script, others, faults]: [ZipMember[], ZipMember[], string[]] = [[], [], []];
  for (const member of members) {
    if (member === pickle) continue;
    const inRoot = root !== undefined && member.name.startsWith(root) ? member.name.slice(root.length) : undefined;
    const key = inRoot === undefined ? undefined : STORAGE.exec(inRoot)?.[1];
    if (inRoot === undefined) faults.push(`${member.name} lies outside of ${root ?? 'a root'}`);
    if (key !== undefined) storages.set(key, member);
    else if (inRoot !== undefined && NOTES.has(inRoot)) notes.set(inRoot, member);
    else if (inRoot !== undefined && SCRIPT.test(inRoot)) script.push(member);
    else others.push(member);
  }
  return { pickle, storages, notes, script, others, faults };
}

/**
 * Opens a checkpoint for reading its tensors: only where nothing at all is wrong with the archive and no program is in it. The pickle is not judged.
 * @throws FormatFault ZIP-DIRECTORY, ZIP-HEADER-MISMATCH, LIMIT-HIT
 */
export async function openTorchZip(bytes: ByteSource): Promise<TorchCheckpoint> {
  const archive = await readZip(bytes);
  const records = torchRecords(archive);
  const refuse = (reason: string): never => {
    throw new FormatFault('ZIP-HEADER-MISMATCH', reason);
  };
  const [fault] = archive.faults;
  if (fault !== undefined) return refuse(`${fault.member ?? 'the archive'}: ${fault.evidence}`);
  if (records === undefined) return refuse('no checkpoint of PyTorch');
  const [wrong] = records.faults;
  if (wrong !== undefined) return refuse(wrong);
  if (records.script.length > 0) return refuse('TorchScript, which is a program');
  const open = async (member: ZipMember, isCrcChecked: boolean): Promise<ByteSource> => {
    const opened = await openMember(bytes, member, { isCrcChecked });
    const [broken] = opened.faults;
    if (broken !== undefined) return refuse(`${member.name}: ${broken.evidence}`);
    return opened.bytes ?? refuse(`${member.name} cannot be unpacked`);
  };
  const storages = new Map<string, ByteSource>();
  for (const [key, member] of records.storages) storages.set(key, await open(member, false));
  const order = records.notes.get('byteorder');
  const byteOrder = order === undefined ? 'little' : await readNote(await open(order, true));
  if (byteOrder !== 'little' && byteOrder !== 'big') return refuse(`a byte order of ${JSON.stringify(byteOrder)}`);
  const pickle = await open(records.pickle, true);
  const run = await runPickle(pickle, 0, [], { isPersistentIdAllowed: true, isEncodingUtf8: true });
  if (run.endByte !== pickle.sizeBytes) return refuse('a pickle with something behind it');
  return { runs: [run], profiles: [PLAIN, TORCH], root: run.root, byteOrder, storages };
}

const MOST_NOTE_BYTES = 64;

/** Undefined where it is no short line of ASCII. */
export async function readNote(bytes: ByteSource): Promise<string | undefined> {
  if (bytes.sizeBytes > MOST_NOTE_BYTES) return undefined;
  const text = (await bytes.read(0, bytes.sizeBytes)).toString('latin1');
  return /^[A-Za-z0-9._-]+\n?$/.test(text) ? text.trimEnd() : undefined;
}
