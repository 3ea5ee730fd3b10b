import { FormatFault } from '../format-fault.js';
import { simpleLayout } from '../npy/dtype.js';
import type { PickleValue } from '../pickle/port.js';
import type { ByteSource } from '../port.js';

/** What joblib puts behind the wrapper of an array, right in the stream (joblib/numpy_pickle.py). */
export type ArrayBytes =
  | { readonly kind: 'numbers'; readonly sizeBytes: number }
  /** A pickle of its own. */
  | { readonly kind: 'objects' };

const WRAPPER = 'joblib.numpy_pickle.NumpyArrayWrapper';
const PADDING = 0xff;

/** Undefined for any other object. @throws FormatFault JOBLIB-ARRAY where the size cannot be told from what stands there. */
export async function arrayBehind(
  object: PickleValue,
  offsetBytes: number,
  bytes: ByteSource,
): Promise<ArrayBytes | undefined> {
  if (object.kind !== 'object' || globalName(object.callee) !== WRAPPER) return undefined;
  const state = object.state?.kind === 'dict' ? object.state.entries : [];
  const entry = (name: string): PickleValue | undefined => {
    const found = state.filter(([key]) => key.kind === 'str' && key.text === name);
    if (found.length > 1) throw fault(`${name} twice`);
    return found[0]?.[1];
  };
  const layout = layoutOf(entry('dtype'));
  if (layout.hasObjects) return { kind: 'objects' };
  const dataBytes = layout.itemBytes * countOf(entry('shape'));
  const alignment = entry('numpy_array_alignment_bytes');
  const isAligned = alignment !== undefined && alignment.kind !== 'none';
  const paddingBytes = isAligned ? await readPadding(bytes, offsetBytes) : 0;
  const sizeBytes = paddingBytes + dataBytes;
  if (offsetBytes + sizeBytes > bytes.sizeBytes) throw fault('an array beyond the file');
  return { kind: 'numbers', sizeBytes };
}

/** A byte that says how many follow, and those. */
async function readPadding(bytes: ByteSource, at: number): Promise<number> {
  if (at >= bytes.sizeBytes) throw fault('an array beyond the file');
  const count = (await bytes.read(at, 1)).readUInt8();
  if (at + 1 + count > bytes.sizeBytes) throw fault('an array beyond the file');
  const padding = await bytes.read(at + 1, count);
  if (padding.some((byte) => byte !== PADDING)) throw fault('a padding with something in it');
  return 1 + count;
}

function layoutOf(dtype: PickleValue | undefined): { readonly itemBytes: number; readonly hasObjects: boolean } {
  if (dtype?.kind !== 'object' || globalName(dtype.callee) !== 'numpy.dtype') throw fault('an array of no type');
  const [code] = dtype.args;
  if (code?.kind !== 'str' || code.text === undefined) throw fault('an array of no type');
  // Fields are named in what is set afterwards, and may be objects.
  if (/^[<>|=]?V/.test(code.text)) throw fault('an array of records');
  return simpleLayout(code.text);
}

function countOf(shape: PickleValue | undefined): number {
  if (shape?.kind !== 'tuple') throw fault('an array of no shape');
  let count = 1;
  for (const size of shape.items) {
    if (size.kind !== 'int' || size.value < 0n) throw fault('an array of no shape');
    count *= Number(size.value);
    if (!Number.isSafeInteger(count)) throw fault('a shape beyond all bounds');
  }
  return count;
}

function globalName(value: PickleValue): string | undefined {
  return value.kind === 'global' ? `${value.module}.${value.name}` : undefined;
}

function fault(reason: string): FormatFault {
  return new FormatFault('JOBLIB-ARRAY', reason);
}
