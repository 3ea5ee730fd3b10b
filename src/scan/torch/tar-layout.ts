import { FormatFault } from '../format-fault.js';
import { STORAGE_ITEM_BYTES } from '../pickle/judge/torch-names.js';
import { globalName } from '../pickle/judge/shapes.js';
import { runPickle } from '../pickle/machine.js';
import type { PickleOptions, PickleRun, PickleValue } from '../pickle/port.js';
import type { ByteSource } from '../port.js';

/** A storage of a tar checkpoint, or a part of one. Counts are of elements. */
export interface TarStorage {
  /** Of the storage that has the bytes. */
  readonly rootKey: string;
  readonly storageClass: string;
  readonly offset: number;
  readonly elements: number;
}

/** A tensor of a tar checkpoint, inside of its storage. Counts are of elements. */
export interface TarTensor {
  readonly storageKey: string;
  /** In the root storage. */
  readonly offset: number;
  readonly storageClass: string;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

const WORD_BYTES = 8;
const MOST_ITEMS = 100_000;
const MOST_AXES = 64;
/** Where its reader may put a storage; `meta` would be one without numbers. */
const LOCATION = /^(?:cpu|cuda(?::\d+)?)$/;

/** Goes through a member in which pickles and numbers stand in turn. @throws FormatFault TORCH-LAYOUT, TORCH-STORAGE, LIMIT-HIT */
export class TarStream {
  readonly runs: PickleRun[] = [];
  at = 0;

  constructor(
    private readonly bytes: ByteSource,
    private readonly member: string,
  ) {}

  async pickle(options: PickleOptions = {}): Promise<PickleValue> {
    const run = await runPickle(this.bytes, this.at, [this.member], { isEncodingUtf8: true, ...options });
    this.runs.push(run);
    this.at = run.endByte;
    if (run.root === undefined) throw layout(`${this.member}: a pickle that does not end`);
    return run.root;
  }

  async count(): Promise<number> {
    const count = wholeOf(await this.pickle());
    if (count === undefined) throw layout(`${this.member}: no count`);
    if (count > MOST_ITEMS) throw new FormatFault('LIMIT-HIT', `${this.member}: more than ${MOST_ITEMS} items`);
    return count;
  }

  /** Numbers of 8 bytes each. */
  async words(count: number): Promise<readonly number[]> {
    const start = this.skip(count * WORD_BYTES);
    const bytes = await this.bytes.read(start, count * WORD_BYTES);
    return Array.from({ length: count }, (_, index) => {
      const value = bytes.readBigInt64LE(index * WORD_BYTES);
      if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) throw storage(`${this.member}: a count of ${value}`);
      return Number(value);
    });
  }

  /** How many axes a tensor has: of 8 bytes the first 4, and what happened to lie behind them. */
  async axes(): Promise<number> {
    const axes = (await this.bytes.read(this.skip(WORD_BYTES), WORD_BYTES)).readInt32LE(0);
    // PyTorch before 0.4 takes none for an empty tensor, and later ones for a number.
    if (axes < 1 || axes > MOST_AXES) throw layout(`${this.member}: a tensor of ${axes} axes`);
    return axes;
  }

  skip(sizeBytes: number): number {
    const start = this.at;
    if (sizeBytes > this.bytes.sizeBytes - start) throw storage(`${this.member}: it ends too early`);
    this.at = start + sizeBytes;
    return start;
  }

  end(): void {
    const restBytes = this.bytes.sizeBytes - this.at;
    if (restBytes > 0) throw layout(`${this.member}: ${restBytes} bytes behind its end`);
  }
}

/** `storages`: a count; key, place and class of each with its numbers; and at last which are parts of others. */
export async function readTarStorages(
  stream: TarStream,
): Promise<{ readonly storages: Map<string, TarStorage>; readonly dataStartByte: ReadonlyMap<string, number> }> {
  const storages = new Map<string, TarStorage>();
  const dataStartByte = new Map<string, number>();
  for (let left = await stream.count(); left > 0; left -= 1) {
    const [keyValue, location, type] = tupleOf(await stream.pickle(), 3, 'a storage');
    const [key, storageClass] = [keyOf(keyValue), type === undefined ? '' : globalName(type)];
    const itemBytes = STORAGE_ITEM_BYTES.get(storageClass);
    if (itemBytes === undefined) throw storage(`storage ${key} is of ${storageClass}`);
    if (location?.kind !== 'str' || !LOCATION.test(location.text ?? '')) throw storage(`storage ${key} is nowhere`);
    if (storages.has(key)) throw storage(`storage ${key} is there twice`);
    const [elements = 0] = await stream.words(1);
    dataStartByte.set(key, stream.skip(elements * itemBytes));
    storages.set(key, { rootKey: key, storageClass, offset: 0, elements });
  }
  const views = await stream.pickle();
  if (views.kind !== 'list') throw layout('storages: no list of parts');
  for (const view of views.items) {
    const [keyValue, rootValue, ...span] = tupleOf(view, 4, 'a part of a storage');
    const [key, rootKey] = [keyOf(keyValue), keyOf(rootValue)];
    const [offset, elements] = span.map(wholeOf);
    const root = dataStartByte.has(rootKey) ? storages.get(rootKey) : undefined;
    if (storages.has(key)) throw storage(`storage ${key} is there twice`);
    if (root === undefined || offset === undefined || elements === undefined || offset + elements > root.elements)
      throw storage(`storage ${key} goes beyond storage ${rootKey}`);
    storages.set(key, { rootKey, storageClass: root.storageClass, offset, elements });
  }
  stream.end();
  return { storages, dataStartByte };
}

/** `tensors`: a count; key, storage and class of each, and its axes. Keys are of one kind with those of storages. */
export async function readTarTensors(
  stream: TarStream,
  storages: ReadonlyMap<string, TarStorage>,
): Promise<{ readonly tensors: Map<string, TarTensor>; readonly used: ReadonlySet<string> }> {
  const tensors = new Map<string, TarTensor>();
  const used = new Set<string>();
  for (let left = await stream.count(); left > 0; left -= 1) {
    const [keyValue, storageValue, type] = tupleOf(await stream.pickle(), 3, 'a tensor');
    const [key, storageKey] = [keyOf(keyValue), keyOf(storageValue)];
    if (tensors.has(key) || storages.has(key)) throw storage(`tensor ${key} is there twice`);
    const held = storages.get(storageKey);
    if (held === undefined) throw storage(`storage ${storageKey} is not there`);
    const { rootKey, storageClass, offset, elements } = held;
    const made = type === undefined ? '' : globalName(type);
    if (made.replace(/^torch\.(?:cuda\.)?(\w+)Tensor$/, 'torch.$1Storage') !== storageClass)
      throw storage(`tensor ${key} is of ${made}, its storage of ${storageClass}`);
    const axes = await stream.axes();
    const shape = await stream.words(axes);
    const strides = await stream.words(axes);
    const [from = 0] = await stream.words(1);
    const last = shape.reduce((sum, length, axis) => sum + (length - 1) * (strides[axis] ?? 0), from);
    if (shape.includes(0) ? from > elements : last >= elements)
      throw storage(`tensor ${key} goes beyond its storage of ${elements}`);
    tensors.set(key, { storageKey: rootKey, offset: offset + from, storageClass, shape, strides });
    used.add(storageKey).add(rootKey);
  }
  stream.end();
  return { tensors, used };
}

function tupleOf(value: PickleValue, length: number, what: string): readonly PickleValue[] {
  if (value.kind !== 'tuple' || value.items.length !== length) throw layout(`no word of ${what}`);
  return value.items;
}

/** Addresses, as they were in the memory of who saved it. */
function keyOf(value: PickleValue | undefined): string {
  if (value?.kind !== 'int' || value.value < 0n) throw layout('a key that is no number');
  return String(value.value);
}

function wholeOf(value: PickleValue | undefined): number | undefined {
  if (value?.kind !== 'int' || value.value < 0n || value.value > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return Number(value.value);
}

export function layout(reason: string): FormatFault {
  return new FormatFault('TORCH-LAYOUT', reason);
}

export function storage(reason: string): FormatFault {
  return new FormatFault('TORCH-STORAGE', reason);
}
