import type { PickleValue } from '../port.js';
import { globalName } from './shapes.js';
import { STORAGE_ITEM_BYTES } from './torch-names.js';

const DTYPE_BYTES: readonly (readonly [pattern: RegExp, bytes: number])[] = [
  [/^torch\.(?:complex128)$/, 16],
  [/^torch\.(?:float64|int64|uint64|complex64)$/, 8],
  [/^torch\.(?:float32|int32|uint32|qint32|complex32)$/, 4],
  [/^torch\.(?:float16|bfloat16|int16|uint16|bits16)$/, 2],
  [/^torch\.\w+$/, 1],
];

/** Bytes of an element of this dtype; those below a byte count as one, as they lie in storages. */
export function dtypeBytes(dtype: string): number {
  return DTYPE_BYTES.find(([pattern]) => pattern.test(dtype))?.[1] ?? 1;
}

/** Arguments (storage, offset, size, stride, …): why elements would lie outside of the storage. `dtype`: where it is not the storage's own. */
export function viewOutside(args: readonly PickleValue[], dtype?: PickleValue): string | undefined {
  const [storage, offset, size, stride] = args;
  const sizes = intsOf(size?.kind === 'object' ? size.args[0] : size);
  const strides = intsOf(stride);
  if (offset?.kind !== 'int' || sizes === undefined || strides === undefined) return 'a view that cannot be told';
  if (sizes.length !== strides.length) return `${sizes.length} sizes and ${strides.length} strides`;
  if (sizes.includes(0n)) return undefined;
  const last = sizes.reduce((sum, length, axis) => sum + (length - 1n) * (strides[axis] ?? 0n), offset.value);
  const elements = elementsOf(storage, dtype);
  if (elements === undefined) return 'a view of no storage';
  return last < elements ? undefined : `element ${last} of a storage of ${elements}`;
}

function elementsOf(storage: PickleValue | undefined, dtype: PickleValue | undefined): bigint | undefined {
  if (storage?.kind !== 'persistent' || storage.id.kind !== 'tuple') return undefined;
  const [, type, , , count] = storage.id.items;
  if (type === undefined || count?.kind !== 'int') return undefined;
  if (dtype === undefined) return count.value;
  const storageBytes = STORAGE_ITEM_BYTES.get(globalName(type)) ?? 1;
  return (count.value * BigInt(storageBytes)) / BigInt(dtypeBytes(globalName(dtype)));
}

function intsOf(value: PickleValue | undefined): readonly bigint[] | undefined {
  if (value?.kind !== 'tuple') return undefined;
  const ints = value.items.flatMap((item) => (item.kind === 'int' ? [item.value] : []));
  return ints.length === value.items.length ? ints : undefined;
}
