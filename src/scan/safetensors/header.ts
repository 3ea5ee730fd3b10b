import { FormatFault } from '../format-fault.js';
import { parseStrictJson, type StrictJson } from '../json/strict-json.js';
import { SAFETENSORS_BITS } from './dtypes.js';

export interface SafetensorsTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** The product of the shape. */
  readonly elements: number;
  /** In the part behind the header. */
  readonly startByte: number;
  readonly endByte: number;
}

export interface SafetensorsHeader {
  readonly metadata: ReadonlyMap<string, string>;
  /** In the order of their bytes, which they cover without gap or overlap. */
  readonly tensors: readonly SafetensorsTensor[];
}

/** Bytes of the length in front of the header. */
export const SAFETENSORS_LENGTH_BYTES = 8;
/** The reference library's own bound. */
const MOST_HEADER_BYTES = 100_000_000;

/** How long the header is, by the first 8 bytes of a file of `fileBytes`. @throws FormatFault ST-LENGTH */
export function safetensorsHeaderBytes(start: Buffer, fileBytes: number): number {
  if (start.length < SAFETENSORS_LENGTH_BYTES) throw new FormatFault('ST-LENGTH', 'shorter than its own length');
  const length = start.readBigUInt64LE(0);
  const most = Math.min(MOST_HEADER_BYTES, fileBytes - SAFETENSORS_LENGTH_BYTES);
  if (length < 2n || length > BigInt(Math.max(0, most)))
    throw new FormatFault('ST-LENGTH', `a header of ${length} bytes in a file of ${fileBytes}`);
  return Number(length);
}

/**
 * The header itself, against the `dataBytes` that follow it: every byte of them belongs to exactly one tensor.
 * @throws FormatFault JSON, ST-HEADER, ST-TENSOR, ST-GAP
 */
export function parseSafetensorsHeader(json: Buffer, dataBytes: number): SafetensorsHeader {
  if (json[0] !== 0x7b) throw new FormatFault('ST-HEADER', 'a header that does not begin with {');
  const value = parseStrictJson(json);
  if (!isObject(value)) throw new FormatFault('ST-HEADER', 'a header that is no object');
  const tensors = [...value].flatMap(([name, info]) => (name === '__metadata__' ? [] : [tensorOf(name, info)]));
  tensors.sort((one, other) => one.startByte - other.startByte || one.endByte - other.endByte);
  let at = 0;
  for (const { name, startByte, endByte } of tensors) {
    if (startByte !== at) throw new FormatFault('ST-GAP', `${name} begins at ${startByte}, not at ${at}`);
    at = endByte;
  }
  if (at !== dataBytes) throw new FormatFault('ST-GAP', `tensors end at ${at}, the file at ${dataBytes}`);
  return { metadata: metadataOf(value.get('__metadata__')), tensors };
}

function metadataOf(value: StrictJson | undefined): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  if (!isObject(value)) throw new FormatFault('ST-HEADER', 'metadata that is no object');
  const strings = [...value].flatMap(([key, text]): [string, string][] =>
    typeof text === 'string' ? [[key, text]] : [],
  );
  if (strings.length < value.size) throw new FormatFault('ST-HEADER', 'metadata that is no string');
  return new Map(strings);
}

function tensorOf(name: string, info: StrictJson): SafetensorsTensor {
  const fault = (reason: string): FormatFault => new FormatFault('ST-TENSOR', `${name}: ${reason}`);
  if (!isObject(info)) throw fault('no object');
  const dtype = info.get('dtype');
  const bits = typeof dtype === 'string' ? SAFETENSORS_BITS.get(dtype) : undefined;
  if (typeof dtype !== 'string' || bits === undefined) throw fault('a type that is not known');
  const shape = counts(info.get('shape'));
  const [startByte, endByte, ...more] = counts(info.get('data_offsets')) ?? [];
  if (shape === undefined) throw fault('a shape that is none');
  if (startByte === undefined || endByte === undefined || more.length > 0 || endByte < startByte)
    throw fault('places that are none');
  const elements = shape.reduce((product, size) => checked(product * size), 1);
  const sizeBits = checked(elements * bits);
  if (Number.isNaN(sizeBits) || sizeBits !== (endByte - startByte) * 8)
    throw fault('a shape of other bytes than it has');
  return { name, dtype, shape, elements, startByte, endByte };
}

/** NaN beyond what numbers hold exactly; it stays NaN through every further product. */
function checked(value: number): number {
  return Number.isSafeInteger(value) ? value : NaN;
}

function counts(value: StrictJson | undefined): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value as readonly StrictJson[];
  const numbers = items.flatMap((item) =>
    typeof item === 'number' && Number.isSafeInteger(item) && item >= 0 ? [item] : [],
  );
  return numbers.length === items.length ? numbers : undefined;
}

function isObject(value: StrictJson): value is ReadonlyMap<string, StrictJson> {
  return value instanceof Map;
}
