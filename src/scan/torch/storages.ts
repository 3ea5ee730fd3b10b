import { STORAGE_ITEM_BYTES } from '../pickle/judge/torch-names.js';
import type { PickleValue } from '../pickle/port.js';

/** What a pickle says of one storage: how many bytes it must have. */
export interface StorageUse {
  readonly key: string;
  /** `FloatStorage`, … */
  readonly storageClass: string;
  readonly itemBytes: number;
  readonly elements: number;
}

/** Storages without a type, which count bytes. */
const UNTYPED = /^torch\.(?:storage\._?)?UntypedStorage$/;

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
  const name = `${type.module}.${type.name}`;
  const itemBytes = UNTYPED.test(name) ? 1 : STORAGE_ITEM_BYTES.get(name);
  if (itemBytes === undefined || elements?.kind !== 'int') return undefined;
  if (elements.value < 0n || elements.value > BigInt(2 ** 48)) return undefined;
  return { key: key.text, storageClass: type.name, itemBytes, elements: Number(elements.value) };
}
