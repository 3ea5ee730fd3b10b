import { joinContent, type Content } from '../content.js';
import { seededContent } from '../seeded-content.js';
import { BF16_BYTES, elements, type TensorShape } from './architecture.js';

/** A safetensors file: 8 bytes of header length, the header in JSON padded with spaces, then the tensors in order. */
export function safetensorsFile(tensors: readonly TensorShape[], seed: string): Content {
  const entries: Record<string, object> = { __metadata__: { format: 'pt' } };
  let end = 0;
  for (const tensor of tensors) {
    const start = end;
    end += elements(tensor) * BF16_BYTES;
    entries[tensor.name] = { dtype: 'BF16', shape: tensor.shape, data_offsets: [start, end] };
  }
  const json = JSON.stringify(entries);
  const header = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8, ' '));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return joinContent([length, header, seededContent({ seed, sizeBytes: end, style: 'bf16' })]);
}

/** Tensors dealt out to files of about the same size, in order. */
export function shardTensors(tensors: readonly TensorShape[], shards: number): TensorShape[][] {
  const total = tensors.reduce((sum, tensor) => sum + elements(tensor), 0);
  const dealt: TensorShape[][] = Array.from({ length: shards }, () => []);
  let before = 0;
  for (const tensor of tensors) {
    const middle = before + elements(tensor) / 2;
    dealt[Math.min(shards - 1, Math.floor((middle / total) * shards))]?.push(tensor);
    before += elements(tensor);
  }
  return dealt.filter((shard) => shard.length > 0);
}
