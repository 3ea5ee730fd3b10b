import type { PickleValue } from '../pickle/port.js';
import { globalName } from '../pickle/judge/shapes.js';
import type { TarTensor } from '../torch/tar-layout.js';
import { ConversionRefused } from './refused.js';

/** One tensor of a checkpoint, as a view of a storage. Counts are of elements. */
export interface TorchTensor {
  readonly name: string;
  readonly storageKey: string;
  /** As safetensors names it. */
  readonly dtype: string;
  readonly itemBytes: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

const BY_STORAGE: ReadonlyMap<string, readonly [dtype: string, itemBytes: number]> = new Map([
  ['torch.DoubleStorage', ['F64', 8]],
  ['torch.FloatStorage', ['F32', 4]],
  ['torch.HalfStorage', ['F16', 2]],
  ['torch.BFloat16Storage', ['BF16', 2]],
  ['torch.LongStorage', ['I64', 8]],
  ['torch.IntStorage', ['I32', 4]],
  ['torch.ShortStorage', ['I16', 2]],
  ['torch.CharStorage', ['I8', 1]],
  ['torch.ByteStorage', ['U8', 1]],
  ['torch.BoolStorage', ['BOOL', 1]],
  ['torch.ComplexFloatStorage', ['C64', 8]],
]);

/** Of tensors that say their type themselves, over a storage without one. */
const BY_DTYPE: ReadonlyMap<string, readonly [dtype: string, itemBytes: number]> = new Map([
  ['torch.uint16', ['U16', 2]],
  ['torch.uint32', ['U32', 4]],
  ['torch.uint64', ['U64', 8]],
  ['torch.float8_e5m2', ['F8_E5M2', 1]],
  ['torch.float8_e4m3fn', ['F8_E4M3', 1]],
  ['torch.float8_e5m2fnuz', ['F8_E5M2FNUZ', 1]],
  ['torch.float8_e4m3fnuz', ['F8_E4M3FNUZ', 1]],
  ['torch.float8_e8m0fnu', ['F8_E8M0', 1]],
]);

/** What a checkpoint holds besides tensors and is kept as text: numbers of steps, names, versions. */
export interface StateDict {
  readonly tensors: readonly TorchTensor[];
  readonly notes: ReadonlyMap<string, string>;
}

/**
 * The tensors of a state dict: a dictionary of names and tensors, and of dictionaries where `isFlattened` (names joined by dots).
 * `named`: those that the pickle names by a number alone.
 * @throws ConversionRefused for anything that a file of tensors cannot hold
 */
export function stateDictOf(
  root: PickleValue | undefined,
  isFlattened: boolean,
  named: ReadonlyMap<string, TarTensor> = new Map(),
): StateDict {
  const tensors: TorchTensor[] = [];
  const notes = new Map<string, string>();
  const visit = (value: PickleValue, prefix: string, depth: number): void => {
    if (depth > MOST_DEPTH) throw new ConversionRefused('dictionaries in dictionaries without end');
    for (const [name, item] of lastOfEach(value, prefix)) {
      if (item.kind === 'dict' || isDict(item)) {
        if (!isFlattened)
          throw new ConversionRefused(`${name} is a dictionary: its names are joined by dots where --flatten is given`);
        visit(item, `${name}.`, depth + 1);
      } else if (isScalar(item)) notes.set(name, scalarText(item));
      else tensors.push(item.kind === 'persistent' ? namedTensor(name, item.id, named) : tensorOf(name, item));
    }
  };
  if (root === undefined || !(root.kind === 'dict' || isDict(root)))
    throw new ConversionRefused('no dictionary of tensors');
  visit(root, '', 0);
  return { tensors, notes };
}

const MOST_DEPTH = 16;

function isDict(value: PickleValue): boolean {
  return value.kind === 'object' && globalName(value.callee) === 'collections.OrderedDict';
}

/** Python 2 gives an OrderedDict what is in it when it is made, as a list of lists of two; Python 3 sets it afterwards. */
function givenEntries(value: PickleValue): readonly (readonly [PickleValue, PickleValue])[] {
  const given = value.kind === 'object' ? value.args[0] : undefined;
  const pairs = given?.kind === 'list' ? given.items : [];
  return pairs.map((pair) => {
    const [key, item, more] = pair.kind === 'list' || pair.kind === 'tuple' ? pair.items : [];
    if (key === undefined || item === undefined || more !== undefined)
      throw new ConversionRefused('a dictionary of something else than names and values');
    return [key, item] as const;
  });
}

/** A name that is set twice has its last value. */
function lastOfEach(value: PickleValue, prefix: string): Map<string, PickleValue> {
  const entries = value.kind === 'dict' || value.kind === 'object' ? value.entries : [];
  return new Map(
    [...givenEntries(value), ...entries].map(([key, item]) => {
      if (key.kind !== 'str' || key.text === undefined)
        throw new ConversionRefused('a tensor under a name that is no text');
      return [prefix + key.text, item];
    }),
  );
}

type Scalar = Extract<PickleValue, { kind: 'none' | 'bool' | 'int' | 'float' | 'str' }>;

function isScalar(value: PickleValue): value is Scalar {
  return ['none', 'bool', 'int', 'float'].includes(value.kind) || (value.kind === 'str' && value.text !== undefined);
}

function scalarText(value: Scalar): string {
  if (value.kind === 'str') return value.text ?? '';
  return value.kind === 'none' ? 'None' : String(value.value);
}

function namedTensor(name: string, id: PickleValue, named: ReadonlyMap<string, TarTensor>): TorchTensor {
  const tensor = id.kind === 'str' && id.text !== undefined ? named.get(id.text) : undefined;
  if (tensor === undefined) throw new ConversionRefused(`${name}: a persistent, which is no tensor`);
  const { storageClass, ...view } = tensor;
  const known = BY_STORAGE.get(storageClass);
  if (known === undefined) throw unnamed(name, storageClass);
  return { name, dtype: known[0], itemBytes: known[1], ...view };
}

function unnamed(name: string, type: string): ConversionRefused {
  return new ConversionRefused(`${name}: numbers of ${type}, which safetensors has no name for`);
}

function tensorOf(name: string, value: PickleValue): TorchTensor {
  const refuse = (reason: string): ConversionRefused => new ConversionRefused(`${name}: ${reason}`);
  if (value.kind !== 'object') throw refuse(`a ${value.kind}, which is no tensor`);
  const maker = globalName(value.callee);
  const [storage, offset, size, stride] = value.args;
  if (maker === 'torch._utils._rebuild_parameter' && storage !== undefined) return tensorOf(name, storage);
  const isV3 = maker === 'torch._utils._rebuild_tensor_v3';
  if (!isV3 && maker !== 'torch._utils._rebuild_tensor_v2' && maker !== 'torch._utils._rebuild_tensor') {
    throw refuse(`made by ${maker}, which safetensors has no place for`);
  }
  const metadata = value.args[isV3 ? 7 : 6];
  if (metadata?.kind === 'dict' && metadata.entries.length > 0)
    throw refuse('its numbers are to be conjugated or negated');
  if (storage?.kind !== 'persistent' || storage.id.kind !== 'tuple') throw refuse('no storage');
  const [, type, key, , , part] = storage.id.items;
  if (part !== undefined && part.kind !== 'none') throw refuse('a part of another storage');
  const dtypeName = globalName((isV3 ? value.args[6] : type) ?? storage);
  const known = (isV3 ? BY_DTYPE : BY_STORAGE).get(dtypeName);
  if (known === undefined) throw unnamed(name, dtypeName);
  if (key?.kind !== 'str' || key.text === undefined) throw refuse('no storage');
  const [dtype, itemBytes] = known;
  const sizes = size?.kind === 'object' ? size.args[0] : size;
  return {
    name,
    storageKey: key.text,
    dtype,
    itemBytes,
    shape: counts(sizes),
    strides: counts(stride),
    offset: counts({ kind: 'tuple', items: offset ? [offset] : [] })[0] ?? 0,
  };
}

function counts(value: PickleValue | undefined): number[] {
  if (value?.kind !== 'tuple') throw new ConversionRefused('a tensor of no shape');
  return value.items.map((item) => {
    const count = item.kind === 'int' ? Number(item.value) : -1;
    if (!Number.isSafeInteger(count) || count < 0) throw new ConversionRefused('a shape beyond all bounds');
    return count;
  });
}
