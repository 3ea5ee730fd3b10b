import type { PickleRun, PickleValue } from '../pickle/port.js';
import type { ByteSource } from '../port.js';
import type { StorageUse } from './storages.js';

/** MAGIC_NUMBER and PROTOCOL_VERSION of torch/serialization.py. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001n;
/** The magic as LONG1 writes it, behind PROTO of whichever protocol. */
const MAGIC_BYTES = Buffer.from('8a0a6cfc9c46f9206aa85019', 'hex');
const MOST_BYTES_IN_FRONT = 16;

/** Whether bytes begin as `torch.save` wrote them before 1.6, and does when asked. */
export function isTorchLegacy(start: Buffer): boolean {
  const at = start.subarray(0, MOST_BYTES_IN_FRONT + MAGIC_BYTES.length).indexOf(MAGIC_BYTES);
  return start[0] === 0x80 && at >= 0;
}

/** What is wrong with the streams in front of the storages: magic, version, system, object, keys. */
export function legacyFaults(runs: readonly PickleRun[]): string[] {
  const faults: string[] = [];
  const [magic, protocol, system, object, keys] = runs.map(({ root }) => root);
  if (magic?.kind !== 'int' || magic.value !== MAGIC) faults.push('another magic number');
  if (protocol?.kind !== 'int' || protocol.value !== PROTOCOL) faults.push('another version');
  if (system?.kind !== 'dict') faults.push('no word of the system it was written on');
  else if (!isLittleEndian(system)) faults.push('numbers that begin with their high bytes');
  if (object === undefined) faults.push('no object');
  if (keysOf(keys) === undefined) faults.push('no list of keys');
  return faults;
}

/** Whether what is said of the system that wrote it, says that once. */
export function isLittleEndian(system: PickleValue & { kind: 'dict' }): boolean {
  const [said, again] = system.entries.filter(([key]) => key.kind === 'str' && key.text === 'little_endian');
  return again === undefined && said?.[1].kind === 'bool' && said[1].value;
}

/** Keys of the storages in the order of their bytes. */
export function keysOf(list: PickleValue | undefined): readonly string[] | undefined {
  if (list?.kind !== 'list') return undefined;
  const keys = list.items.flatMap((item) => (item.kind === 'str' && item.text !== undefined ? [item.text] : []));
  return keys.length === list.items.length && new Set(keys).size === keys.length ? keys : undefined;
}

export interface LegacyStorage {
  readonly key: string;
  readonly dataStartByte: number;
  readonly sizeBytes: number;
}

const COUNT_BYTES = 8;

/** The storages behind the streams: a count of elements each, and so many bytes. `faults`: what does not agree with the persistent ids. */
export async function readLegacyStorages(
  bytes: ByteSource,
  startByte: number,
  keys: readonly string[],
  uses: ReadonlyMap<string, StorageUse>,
): Promise<{
  readonly storages: readonly LegacyStorage[];
  readonly endByte: number;
  readonly faults: readonly string[];
}> {
  const storages: LegacyStorage[] = [];
  const faults = [...uses.keys()].filter((key) => !keys.includes(key)).map((key) => `storage ${key} is not there`);
  let at = startByte;
  for (const key of keys) {
    const use = uses.get(key);
    if (use === undefined) faults.push(`storage ${key} is nobody’s`);
    if (use === undefined || at + COUNT_BYTES > bytes.sizeBytes) break;
    const elements = (await bytes.read(at, COUNT_BYTES)).readBigInt64LE(0);
    const dataStartByte = at + COUNT_BYTES;
    const sizeBytes = use.elements * use.itemBytes;
    if (elements !== BigInt(use.elements)) faults.push(`storage ${key} has ${elements} elements, not ${use.elements}`);
    if (elements !== BigInt(use.elements) || dataStartByte + sizeBytes > bytes.sizeBytes) break;
    storages.push({ key, dataStartByte, sizeBytes });
    at = dataStartByte + sizeBytes;
  }
  if (storages.length < keys.length && faults.length === 0) faults.push('it ends before its last storage');
  return { storages, endByte: at, faults };
}
