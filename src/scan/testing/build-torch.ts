import { buildZip, type MemberPlan } from './build-zip.js';

/** Strings, bytes and numbers of up to 255 as opcodes of protocol 2; texts in front of which stands nothing are opcodes themselves. */
export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([Buffer.from('X'), length, bytes]);
}

export function small(value: number): Buffer {
  return Buffer.from([0x4b, value]);
}

export function ops(...parts: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(parts.map((part) => Buffer.from(part as string, 'latin1')));
}

/** A number of any size that tensors have. */
function whole(value: number): Buffer {
  if (value < 256) return small(value);
  const bytes = Buffer.from([0x4a, 0, 0, 0, 0]);
  bytes.writeInt32LE(value, 1);
  return bytes;
}

export interface StoragePlan {
  readonly key: string;
  /** `FloatStorage` when nothing is said. */
  readonly storageClass?: string;
  readonly elements: number;
}

/** A dictionary of tensors, one for each storage, each over all of it. */
export function torchObject(storages: readonly StoragePlan[], more: Buffer = Buffer.alloc(0)): Buffer {
  const tensors = storages.map(({ key, storageClass = 'FloatStorage', elements }) => {
    const id = ops('(', text('storage'), `ctorch\n${storageClass}\n`, text(key), text('cpu'), whole(elements), 'tQ');
    const shape = ops('(', whole(elements), 't(', small(1), 't');
    const rest = ops('\x89', 'ccollections\nOrderedDict\n', ')R');
    return ops(text(`tensor ${key}`), 'ctorch._utils\n_rebuild_tensor_v2\n', '(', id, small(0), shape, rest, 'tR');
  });
  return ops('\x80\x02}(', ...tensors, more, 'u.');
}

/** As `torch.save` writes it: 4 bytes for each element. */
export function buildTorchZip(
  storages: readonly StoragePlan[],
  { more, pickle, members = [] }: { more?: Buffer; pickle?: Buffer; members?: readonly MemberPlan[] } = {},
): Buffer {
  const plan: MemberPlan[] = [
    { name: 'm/data.pkl', content: pickle ?? torchObject(storages, more) },
    { name: 'm/byteorder', content: 'little' },
    ...storages.map(({ key, elements }) => ({ name: `m/data/${key}`, content: Buffer.alloc(elements * 4, 1) })),
    { name: 'm/version', content: '3\n' },
  ];
  const names = new Set(members.map(({ name }) => name));
  return buildZip({ members: [...plan.filter(({ name }) => !names.has(name)), ...members] });
}

/** As it wrote before 1.6. */
export function buildTorchLegacy(storages: readonly StoragePlan[], more?: Buffer): Buffer {
  const data = storages.flatMap(({ elements }) => [countOf(elements), Buffer.alloc(elements * 4, 1)]);
  return Buffer.concat([legacyHead(storages, more), ...data]);
}

/** The same of one storage, of which the numbers have yet to follow. */
export function torchLegacyStart(storage: StoragePlan): Buffer {
  return Buffer.concat([legacyHead([storage]), countOf(storage.elements)]);
}

function countOf(elements: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(elements));
  return bytes;
}

function legacyHead(storages: readonly StoragePlan[], more?: Buffer): Buffer {
  return Buffer.concat([
    ops('\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.'),
    ops('\x80\x02M\xe9\x03.'),
    ops('\x80\x02}(', text('protocol_version'), 'M\xe9\x03', text('little_endian'), '\x88u.'),
    torchObject(storages, more),
    ops('\x80\x02](', ...storages.map(({ key }) => text(key)), 'e.'),
  ]);
}
