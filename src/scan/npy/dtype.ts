import { FormatFault } from '../format-fault.js';
import type { Literal } from './literal.js';

/** How an element lies in the bytes. */
export interface ItemLayout {
  readonly itemBytes: number;
  /** Somewhere in it are Python objects: a pickle takes the place of all elements. */
  readonly hasObjects: boolean;
}

const SIMPLE = /^[<>|=]?([?bBhHiIlLqQefdgFDGSaUVOmMcu])(\d*)(?:\[[\w/]+\])?$/;
/** Bytes of one character of Unicode. */
const UCS4_BYTES = 4;
const BY_LETTER: Readonly<Record<string, number>> = {
  ...{ '?': 1, b: 1, B: 1, h: 2, H: 2, i: 4, I: 4, l: 8, L: 8, q: 8, Q: 8 },
  ...{ e: 2, f: 4, d: 8, g: 16, F: 8, D: 16, G: 32, m: 8, M: 8, c: 1, u: 4, S: 0, a: 0, U: 0, V: 0 },
};
const MOST_ITEM_BYTES = 2 ** 31;

/** By `descr`: a code as `<f4`, or a list of fields `(name, descr[, shape])`. @throws FormatFault NPY-HEADER */
export function layoutOf(descr: Literal): ItemLayout {
  if (descr.kind === 'text') return simpleLayout(descr.value);
  if (descr.kind !== 'list') throw fault('a type that is none');
  let itemBytes = 0;
  let hasObjects = false;
  for (const field of descr.items) {
    if (field.kind !== 'tuple') throw fault('a field that is none');
    const [name, inner, shape, ...more] = field.items;
    if (name === undefined || inner === undefined || more.length > 0) throw fault('a field that is none');
    const layout = layoutOf(inner);
    itemBytes += layout.itemBytes * (shape === undefined ? 1 : countOf(shape));
    hasObjects ||= layout.hasObjects;
  }
  if (itemBytes > MOST_ITEM_BYTES) throw fault('an element beyond all bounds');
  return { itemBytes, hasObjects };
}

/** Elements of a shape. @throws FormatFault NPY-HEADER */
export function countOf(shape: Literal): number {
  const sizes = shape.kind === 'number' ? [shape] : shape.kind === 'tuple' ? shape.items : [];
  if (shape.kind !== 'number' && shape.kind !== 'tuple') throw fault('a shape that is none');
  let count = 1;
  for (const size of sizes) {
    if (size.kind !== 'number') throw fault('a shape that is none');
    count *= size.value;
    if (!Number.isSafeInteger(count)) throw fault('a shape beyond all bounds');
  }
  return count;
}

export function simpleLayout(code: string): ItemLayout {
  const [, letter = '', digits = ''] = SIMPLE.exec(code) ?? [];
  if (letter === 'O') return { itemBytes: 8, hasObjects: true };
  const width = BY_LETTER[letter];
  const size = digits === '' ? width : Number(digits) * (letter === 'U' ? UCS4_BYTES : 1);
  if (width === undefined || size === undefined || size > MOST_ITEM_BYTES)
    throw fault(`a type ${JSON.stringify(code)}`);
  // A unit in brackets has no width of its own in front.
  return { itemBytes: letter === 'm' || letter === 'M' ? 8 : size, hasObjects: false };
}

function fault(reason: string): FormatFault {
  return new FormatFault('NPY-HEADER', reason);
}
