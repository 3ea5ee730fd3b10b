import type { ByteSource } from '../port.js';
import { ConversionRefused } from './refused.js';
import type { TorchTensor } from './tensors.js';

const BLOCK_BYTES = 4 * 1024 * 1024;
/** What is held of a storage whose numbers stand in another order. */
const MOST_REORDERED_BYTES = 512 * 1024 * 1024;

export function elementsOf({ shape }: Pick<TorchTensor, 'shape'>): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** The numbers of a tensor one behind the other, the last axis fastest, low bytes first. In blocks; only what stands in another order is held whole. */
export async function* contiguous(
  tensor: TorchTensor,
  storage: ByteSource,
  byteOrder: 'little' | 'big',
): AsyncGenerator<Buffer> {
  const count = elementsOf(tensor);
  if (count === 0) return;
  const { itemBytes, offset, shape, strides } = tensor;
  const last = shape.reduce((sum, length, axis) => sum + (length - 1) * (strides[axis] ?? 0), offset);
  if (!Number.isSafeInteger(last) || (last + 1) * itemBytes > storage.sizeBytes) {
    throw new ConversionRefused(`${tensor.name}: it goes beyond its storage`);
  }
  if (isContiguous(tensor)) {
    const endByte = (offset + count) * itemBytes;
    for (let at = offset * itemBytes; at < endByte; at += BLOCK_BYTES) {
      yield ordered(Buffer.from(await storage.read(at, Math.min(BLOCK_BYTES, endByte - at))), tensor, byteOrder);
    }
    return;
  }
  const spanBytes = (last + 1 - offset) * itemBytes;
  if (Math.max(spanBytes, count * itemBytes) > MOST_REORDERED_BYTES) {
    throw new ConversionRefused(`${tensor.name}: ${spanBytes} bytes that stand in another order`);
  }
  yield ordered(reordered(tensor, await storage.read(offset * itemBytes, spanBytes), count), tensor, byteOrder);
}

/** Axes of one element may have any stride. */
function isContiguous({ shape, strides }: TorchTensor): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    const length = shape[axis] ?? 1;
    if (length !== 1 && strides[axis] !== expected) return false;
    expected *= length;
  }
  return true;
}

function reordered({ shape, strides, itemBytes }: TorchTensor, span: Buffer, count: number): Buffer {
  const out = Buffer.allocUnsafe(count * itemBytes);
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < count; to += 1) {
    span.copy(out, to * itemBytes, from * itemBytes, (from + 1) * itemBytes);
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      const [at, length, stride] = [(index[axis] ?? 0) + 1, shape[axis] ?? 1, strides[axis] ?? 0];
      from += stride;
      index[axis] = at;
      if (at < length) break;
      from -= length * stride;
      index[axis] = 0;
    }
  }
  return out;
}

/** In place. A complex number is two. */
function ordered(numbers: Buffer, { dtype, itemBytes }: TorchTensor, byteOrder: 'little' | 'big'): Buffer {
  if (byteOrder === 'little') return numbers;
  const bytes = dtype === 'C64' ? 4 : itemBytes;
  if (bytes === 2) numbers.swap16();
  if (bytes === 4) numbers.swap32();
  if (bytes === 8) numbers.swap64();
  return numbers;
}
