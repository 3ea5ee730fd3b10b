import type { PickleValue } from '../pickle/port.js';

/** What a pickle says of one storage: how many bytes it must have. */
export interface StorageUse {
  readonly key: string;
  /** `FloatStorage`, … */
  readonly storageClass: string;
  readonly itemBytes: number;
  readonly elements: number;
}

/** Bytes of one element, by the names of torch/storage.py and torch/__init__.py. */
const ITEM_BYTES: ReadonlyMap<string, number> = new Map([
  ['torch.DoubleStorage', 8],
  ['torch.FloatStorage', 4],
  ['torch.HalfStorage', 2],
  ['torch.BFloat16Storage', 2],
  ['torch.LongStorage', 8],
  ['torch.IntStorage', 4],
  ['torch.ShortStorage', 2],
  ['torch.CharStorage', 1],
  ['torch.ByteStorage', 1],
  ['torch.BoolStorage', 1],
  ['torch.ComplexFloatStorage', 8],
  ['torch.ComplexDoubleStorage', 16],
  ['torch.QUInt8Storage', 1],
  ['torch.QInt8Storage', 1],
  ['torch.QInt32Storage', 4],
  ['torch.QUInt4x2Storage', 1],
  ['torch.QUInt2x4Storage', 1],
  ['torch.UntypedStorage', 1],
  ['torch.storage.UntypedStorage', 1],
  ['torch.storage._UntypedStorage', 1],
]);

/**
 * The storages that persistent ids name, each once: `('storage', class, key, location, elements, …)`.
 * `faults`: ids of another form, and storages that are said to be two different things, of which PyTorch takes the first.
 */
export function storagesOf(persistentIds: readonly PickleValue[]): {
  readonly uses: ReadonlyMap<string, StorageUse>;
  readonly faults: readonly string[];
} {
  const uses = new Map<string, StorageUse>();
  const faults = new Set<string>();
  for (const id of persistentIds) {
    const use = useOf(id);
    if (use === undefined) {
      faults.add('a persistent id that is no storage');
      continue;
    }
    const other = uses.get(use.key);
    if (other === undefined) uses.set(use.key, use);
    else if (other.storageClass !== use.storageClass || other.elements !== use.elements)
      faults.add(`storage ${use.key} is ${describe(other)}, and ${describe(use)}`);
  }
  return { uses, faults: [...faults] };
}

function describe({ storageClass, elements }: StorageUse): string {
  return `${elements} of ${storageClass}`;
}

function useOf(id: PickleValue): StorageUse | undefined {
  if (id.kind !== 'tuple') return undefined;
  const [what, type, key, , elements] = id.items;
  if (what?.kind !== 'str' || what.text !== 'storage') return undefined;
  if (type?.kind !== 'global' || key?.kind !== 'str' || key.text === undefined) return undefined;
  const itemBytes = ITEM_BYTES.get(`${type.module}.${type.name}`);
  if (itemBytes === undefined || elements?.kind !== 'int') return undefined;
  if (elements.value < 0n || elements.value > BigInt(2 ** 48)) return undefined;
  return { key: key.text, storageClass: type.name, itemBytes, elements: Number(elements.value) };
}
