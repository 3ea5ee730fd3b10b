import { createHash, type Hash } from 'node:crypto';
import { judgePickle } from '../pickle/judge/judge-pickle.js';
import type { ByteSource } from '../port.js';
import { parseSafetensorsHeader, SAFETENSORS_LENGTH_BYTES, safetensorsHeaderBytes } from '../safetensors/header.js';
import { BLOCK_BYTES as TAR_BLOCK_BYTES, isTarHeader } from '../tar/header.js';
import { openTorchLegacy } from '../torch/legacy.js';
import { isTorchLegacy } from '../torch/legacy-layout.js';
import { openTorchTar } from '../torch/open-tar.js';
import { openTorchZip, type TorchCheckpoint } from '../torch/records.js';
import { contiguous, elementsOf } from './gather.js';
import { ConversionRefused } from './refused.js';
import { stateDictOf, type TorchTensor } from './tensors.js';

export interface ConvertOptions {
  /** Whether dictionaries in the dictionary are taken, their names joined by dots. Otherwise they are refused. */
  readonly isFlattened?: boolean;
}

/** One tensor as it is in both files. */
export interface ConvertedTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Of its numbers one behind the other, low bytes first, as hex. */
  readonly sha256: string;
}

export interface Conversion {
  /** In the order of their bytes. */
  readonly tensors: readonly ConvertedTensor[];
  /** Names of tensors that are the same as another, and that one's name: written once, as safetensors' own `save_model` does. */
  readonly shared: ReadonlyMap<string, string>;
}

/** From the one that is aligned most: the order of the reference library, which goes on by name. */
const DTYPE_ORDER =
  'U64 I64 F64 C64 F32 U32 I32 BF16 F16 U16 I16 F8_E5M2FNUZ F8_E4M3FNUZ F8_E8M0 F8_E4M3 F8_E5M2 I8 U8 BOOL'.split(' ');
const ALIGNMENT_BYTES = 8;

/**
 * Writes the tensors of a PyTorch checkpoint (a zip, as `torch.save` makes since 1.6, or one of the two forms before that) as safetensors, bit for bit. Runs nothing: the pickle
 * must fit what PyTorch's weights-only reader loads, and that of the oldest form, which it does not read, be data alone. `write` is called in order.
 * @throws ConversionRefused, FormatFault
 */
export async function convertTorch(
  bytes: ByteSource,
  write: (block: Buffer) => Promise<void>,
  { isFlattened = false }: ConvertOptions = {},
): Promise<Conversion> {
  const { runs, profiles, root, byteOrder, storages, tensors: named } = await openCheckpoint(bytes);
  for (const run of runs) {
    const { verdict, findings } = judgePickle(run, profiles, []);
    if (verdict !== 'CLEAN') throw new ConversionRefused(findings[0]?.evidence ?? `a pickle that is ${verdict}`);
  }
  const { tensors, notes } = stateDictOf(root, isFlattened, named);
  const { kept, shared } = withoutCopies(tensors);
  await write(headerOf(kept, new Map([...notes, ...shared, ['format', 'pt']])));
  const converted: ConvertedTensor[] = [];
  for (const tensor of kept) {
    const storage = storages.get(tensor.storageKey);
    if (storage === undefined && elementsOf(tensor) > 0)
      throw new ConversionRefused(`${tensor.name}: its storage is not there`);
    const hash = createHash('sha256');
    for await (const block of contiguous(
      tensor,
      storage ?? { sizeBytes: 0, read: () => Promise.resolve(Buffer.alloc(0)) },
      byteOrder,
    )) {
      hash.update(block);
      await write(block);
    }
    const { name, dtype, shape } = tensor;
    converted.push({ name, dtype, shape, sha256: hash.digest('hex') });
  }
  return { tensors: converted, shared };
}

async function openCheckpoint(bytes: ByteSource): Promise<TorchCheckpoint> {
  const start = await bytes.read(0, Math.min(TAR_BLOCK_BYTES, bytes.sizeBytes));
  if (isTorchLegacy(start)) return openTorchLegacy(bytes);
  return isTarHeader(start) ? openTorchTar(bytes) : openTorchZip(bytes);
}

/** Tensors of one storage, place and shape are one; the first name stays. */
function withoutCopies(tensors: readonly TorchTensor[]): { kept: TorchTensor[]; shared: Map<string, string> } {
  const byView = new Map<string, TorchTensor>();
  const shared = new Map<string, string>();
  for (const tensor of [...tensors].sort((one, other) => compare(one.name, other.name))) {
    const { storageKey, dtype, offset, shape, strides } = tensor;
    const view = JSON.stringify([storageKey, dtype, offset, shape, strides]);
    const first = byView.get(view);
    if (first === undefined || elementsOf(tensor) === 0)
      byView.set(first === undefined ? view : `${view} ${tensor.name}`, tensor);
    else shared.set(tensor.name, first.name);
  }
  const rank = ({ dtype }: TorchTensor): number => DTYPE_ORDER.indexOf(dtype);
  const kept = [...byView.values()].sort((one, other) => rank(one) - rank(other) || compare(one.name, other.name));
  return { kept, shared };
}

/** By the bytes of UTF-8. */
function compare(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

function headerOf(tensors: readonly TorchTensor[], metadata: ReadonlyMap<string, string>): Buffer {
  let at = 0;
  const entries = tensors.map((tensor) => {
    const start = at;
    at += elementsOf(tensor) * tensor.itemBytes;
    return [tensor.name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [start, at] }] as const;
  });
  const names = new Set(['__metadata__', ...tensors.map(({ name }) => name)]);
  if (names.size !== tensors.length + 1)
    throw new ConversionRefused('two tensors of one name, or one by the name of __metadata__');
  const json = JSON.stringify(Object.fromEntries([['__metadata__', Object.fromEntries(metadata)], ...entries]));
  const padded = Buffer.from(
    json.padEnd(json.length + ((ALIGNMENT_BYTES - (Buffer.byteLength(json) % ALIGNMENT_BYTES)) % ALIGNMENT_BYTES)),
  );
  const length = Buffer.alloc(SAFETENSORS_LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded]);
}

const BLOCK_BYTES = 4 * 1024 * 1024;

/**
 * Reads what was written, and holds each tensor against the record of its conversion: the proof that both files hold the same.
 * @throws ConversionRefused where one does not; FormatFault where it is no safetensors
 */
export async function assertConverted(output: ByteSource, { tensors }: Conversion): Promise<void> {
  const headerBytes = safetensorsHeaderBytes(await output.read(0, SAFETENSORS_LENGTH_BYTES), output.sizeBytes);
  const dataStart = SAFETENSORS_LENGTH_BYTES + headerBytes;
  const header = parseSafetensorsHeader(
    await output.read(SAFETENSORS_LENGTH_BYTES, headerBytes),
    output.sizeBytes - dataStart,
  );
  const found = new Map(header.tensors.map((tensor) => [tensor.name, tensor]));
  for (const { name, dtype, shape, sha256 } of tensors) {
    const tensor = found.get(name);
    const isSame = tensor?.dtype === dtype && tensor.shape.join() === shape.join();
    if (!isSame || (await hashOf(output, dataStart + tensor.startByte, dataStart + tensor.endByte)) !== sha256) {
      throw new ConversionRefused(`${name} is another in what was written`);
    }
  }
  if (found.size !== tensors.length) throw new ConversionRefused('more was written than there was');
}

async function hashOf(bytes: ByteSource, startByte: number, endByte: number): Promise<string> {
  const hash: Hash = createHash('sha256');
  for (let at = startByte; at < endByte; at += BLOCK_BYTES) {
    hash.update(await bytes.read(at, Math.min(BLOCK_BYTES, endByte - at)));
  }
  return hash.digest('hex');
}
