import { PLAIN } from '../pickle/judge/plain-profile.js';
import type { PickleProfile } from '../pickle/judge/profile.js';
import { signature, textLike } from '../pickle/judge/shapes.js';
import { STORAGE_ITEM_BYTES } from '../pickle/judge/torch-names.js';
import type { PickleValue } from '../pickle/port.js';
import type { ByteSource } from '../port.js';
import { sliceOf } from '../sources.js';
import { isFile, readTar } from '../tar/members.js';
import { isLittleEndian } from './legacy-layout.js';
import type { TorchCheckpoint } from './records.js';
import { layout, readTarStorages, readTarTensors, storage, TarStream } from './tar-layout.js';

/** In the order in which they were written; no reader minds another. */
const MEMBERS = ['sys_info', 'pickle', 'tensors', 'storages'] as const;
const KEY = /^(?:0|[1-9]\d{0,19})$/;

const TENSOR_CLASSES = [...STORAGE_ITEM_BYTES.keys()].flatMap((storageClass) => {
  const name = storageClass.slice('torch.'.length, -'Storage'.length);
  return [`torch.${name}Tensor`, `torch.cuda.${name}Tensor`];
});

/** Data, tensors by the number of each, and their classes, which nothing calls. */
const TORCH_TAR: PickleProfile = {
  ...PLAIN,
  name: 'torch-tar',
  values: new Set([...STORAGE_ITEM_BYTES.keys(), ...TENSOR_CLASSES]),
  persistentId: signature([textLike(KEY)]),
};

/**
 * Opens a checkpoint of PyTorch before 0.1.10 for reading its tensors: only where every byte that a reader looks at is accounted for. The streams are not judged.
 * @throws FormatFault TAR-HEADER, TORCH-LAYOUT, TORCH-STORAGE, LIMIT-HIT
 */
export async function openTorchTar(bytes: ByteSource): Promise<TorchCheckpoint> {
  const members = await membersOf(bytes);
  const system = new TarStream(members.sys_info, 'sys_info');
  const said = await system.pickle();
  system.end();
  if (said.kind !== 'dict') throw layout('no word of the system it was written on');
  if (!isLittleEndian(said)) throw layout('numbers that begin with their high bytes');
  const storing = new TarStream(members.storages, 'storages');
  const { storages, dataStartByte } = await readTarStorages(storing);
  const tensing = new TarStream(members.tensors, 'tensors');
  const { tensors, used } = await readTarTensors(tensing, storages);
  const object = new TarStream(members.pickle, 'pickle');
  const root = await object.pickle({ isPersistentIdAllowed: true });
  object.end();
  const runs = [system, storing, tensing, object].flatMap((stream) => stream.runs);
  const named = new Set(runs.flatMap(({ persistentIds }) => persistentIds.map(textOf)));
  const lost = [...tensors.keys()].find((key) => !named.has(key));
  if (lost !== undefined) throw layout(`tensor ${lost} is nobody’s`);
  const idle = [...storages.keys()].find((key) => !used.has(key) && !named.has(key));
  if (idle !== undefined) throw storage(`storage ${idle} is nobody’s`);
  const content = [...dataStartByte].map(([key, start]) => {
    const { storageClass = '', elements = 0 } = storages.get(key) ?? {};
    return [key, sliceOf(members.storages, start, elements * (STORAGE_ITEM_BYTES.get(storageClass) ?? 0))] as const;
  });
  return { runs, profiles: [TORCH_TAR], root, byteOrder: 'little', storages: new Map(content), tensors };
}

/** Each once, by the name that PyTorch asks for, and no other: of two its reader takes the last, and others the first. */
async function membersOf(bytes: ByteSource): Promise<Readonly<Record<(typeof MEMBERS)[number], ByteSource>>> {
  const { members, fault } = await readTar(bytes);
  if (fault !== undefined) throw fault;
  const find = (wanted: string): ByteSource => {
    const [member, another] = members.filter(({ name }) => name === wanted);
    if (member === undefined) throw layout(`${wanted} is not there`);
    if (another !== undefined) throw layout(`${wanted} is there twice`);
    if (!isFile(member.type)) throw layout(`${wanted} is no file`);
    return sliceOf(bytes, member.dataStartByte, member.sizeBytes);
  };
  const strange = members.find(({ name }) => !MEMBERS.some((known) => known === name));
  if (strange !== undefined) throw layout(`a member ${JSON.stringify(strange.name)}`);
  const [system, pickle, tensors, storages] = MEMBERS.map(find) as [ByteSource, ByteSource, ByteSource, ByteSource];
  return { sys_info: system, pickle, tensors, storages };
}

function textOf(id: PickleValue): string {
  return id.kind === 'str' ? (id.text ?? '') : '';
}
