import { PLAIN_BUILDABLE, PLAIN_CALLABLE, PLAIN_FILLABLE } from './plain-profile.js';
import type { PickleProfile } from './profile.js';
import {
  bool,
  bytes,
  count,
  either,
  globalIn,
  int,
  list,
  none,
  resultOf,
  signature,
  str,
  text,
  textLike,
  tupleOf,
  type ArgumentRule,
  type Shape,
} from './shapes.js';

const both = (...names: readonly string[]): string[] =>
  names.flatMap((name) => [`numpy.core.${name}`, `numpy._core.${name}`]);
const RECONSTRUCT = new Set(both('multiarray._reconstruct'));
const FROM_BUFFER = both('numeric._frombuffer');
const NDARRAY = globalIn(new Set(['numpy.ndarray']));
const dtype = resultOf(new Set(['numpy.dtype']));
const shape = tupleOf(count);
const data = either(bytes, str, resultOf(new Set(['_codecs.encode'])), resultOf(new Set(['builtins.bytearray'])));
/** `f8`, `<U12`, `|b1`, `datetime64[ns]`: one type, not a list of fields. */
const typeCode = textLike(/^[<>|=]?[?A-Za-z][A-Za-z]*\d*(?:\[[\dA-Za-z]+\])?$/);

/** Version, shape, type, order, contents: bytes, or values one by one. */
const arrayState: ArgumentRule = ([state]) =>
  state?.kind === 'tuple'
    ? signature([int, shape, dtype, bool, either(data, list)])(state.items)
    : 'a state of no array';

/** Version, byte order, parts, names, fields, sizes, flags, metadata. */
const dtypeState: ArgumentRule = ([state]) =>
  state?.kind === 'tuple' && state.items.length >= 4 && state.items.length <= 9 && state.items.every(isTypePart)
    ? undefined
    : 'a state of no type';

function isTypePart(value: Parameters<Shape>[0]): boolean {
  if (value.kind === 'tuple') return value.items.every(isTypePart);
  if (value.kind === 'dict') return value.entries.every(([key, entry]) => isTypePart(key) && isTypePart(entry));
  if (value.kind === 'global') return NDARRAY(value);
  return (
    value.kind === 'none' || value.kind === 'int' || value.kind === 'bool' || str(value) || bytes(value) || dtype(value)
  );
}

const NUMPY_CALLABLE: ReadonlyMap<string, ArgumentRule> = new Map([
  ...PLAIN_CALLABLE,
  ...[...RECONSTRUCT].map((name) => [name, signature([NDARRAY, shape, data])] as const),
  ...both('multiarray.scalar').map((name) => [name, signature([dtype, data])] as const),
  ...FROM_BUFFER.map((name) => [name, signature([data, dtype, shape, text('C', 'F')])] as const),
  ['numpy.dtype', signature([typeCode], [either(bool, int), either(bool, int)])],
]);

const NUMPY_BUILDABLE: ReadonlyMap<string, ArgumentRule> = new Map([
  ...PLAIN_BUILDABLE,
  ...[...RECONSTRUCT].map((name) => [name, arrayState] as const),
  ['numpy.dtype', dtypeState],
]);

/** Arrays and scalars of numpy, and plain data. What arrays of objects hold passes by the same rules. */
export const NUMPY: PickleProfile = {
  name: 'numpy',
  callable: NUMPY_CALLABLE,
  values: new Set(['numpy.ndarray']),
  valuePattern: /^numpy\.dtypes\.[A-Za-z0-9]+DType$/,
  buildable: NUMPY_BUILDABLE,
  fillable: PLAIN_FILLABLE,
};

const WRAPPER = 'joblib.numpy_pickle.NumpyArrayWrapper';
const WRAPPER_STATE: Readonly<Record<string, Shape | undefined>> = {
  subclass: NDARRAY,
  shape,
  order: text('C', 'F'),
  dtype,
  allow_mmap: bool,
  numpy_array_alignment_bytes: either(count, none),
};

const wrapperState: ArgumentRule = ([state]) => {
  if (state?.kind !== 'dict') return 'a state of no array';
  const wrong = state.entries.find(
    ([key, value]) => WRAPPER_STATE[key.kind === 'str' ? (key.text ?? '') : '']?.(value) !== true,
  );
  return wrong === undefined ? undefined : 'a state of no plain array';
};

/** The same with arrays as joblib writes them. */
export const JOBLIB: PickleProfile = {
  ...NUMPY,
  name: 'joblib',
  callable: new Map([...NUMPY_CALLABLE, [WRAPPER, signature([])]]),
  buildable: new Map([...NUMPY_BUILDABLE, [WRAPPER, wrapperState]]),
};
