import { expect, test } from 'vitest';
import { makeModel, sha256Of, toContent, wholeContent, type SimFiles } from '../index.js';

const sizeOf = (files: SimFiles, end: string): number =>
  Object.entries(files).reduce((sum, [path, file]) => sum + (path.endsWith(end) ? toContent(file).sizeBytes : 0), 0);

test('makes about as many bytes as asked for, at every size', () => {
  for (const sizeBytes of [1e6, 8e6, 50e6, 500e6, 20e9]) {
    const files = makeModel({ seed: 1, sizeBytes, shards: 3 });
    const total = sizeOf(files, '.safetensors') + sizeOf(files, '.gguf');
    expect(Math.abs(total / sizeBytes - 1), String(sizeBytes)).toBeLessThan(0.1);
    expect(Object.keys(files).filter((path) => path.endsWith('.safetensors'))).toHaveLength(3);
  }
});

test('writes safetensors headers whose tensors fill the file without gaps', () => {
  const files = makeModel({ seed: 1, sizeBytes: 2e6, shards: 1 });
  const file = wholeContent(toContent(files['model.safetensors'] ?? ''));
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + length).toString()) as Record<string, { data_offsets: number[] }>;
  const { __metadata__: metadata, ...tensors } = header;
  expect(metadata).toEqual({ format: 'pt' });
  const ends = Object.values(tensors).map(({ data_offsets }) => data_offsets);
  ends.forEach(([start], index) => expect(start).toBe(index === 0 ? 0 : ends[index - 1]?.[1]));
  expect(8 + length + (ends.at(-1)?.[1] ?? 0)).toBe(file.length);
});

test('names every tensor in the index, in the shard that holds it', () => {
  const files = makeModel({ seed: 1, sizeBytes: 4e6, shards: 4 });
  const index = JSON.parse(files['model.safetensors.index.json'] as string) as { weight_map: Record<string, string> };
  for (const [tensor, path] of Object.entries(index.weight_map)) {
    expect(wholeContent(toContent(files[path] ?? '')).includes(`"${tensor}"`)).toBe(true);
  }
});

test('begins a GGUF file with its magic, version and counts', () => {
  const files = makeModel({ seed: 1, sizeBytes: 2e6 });
  const gguf = toContent(files['tiny-Q4_0.gguf'] ?? '').read(0, 24);
  expect(gguf.subarray(0, 4).toString()).toBe('GGUF');
  expect(gguf.readUInt32LE(4)).toBe(3);
  expect(Number(gguf.readBigUInt64LE(8))).toBeGreaterThan(10);
  expect(Number(gguf.readBigUInt64LE(16))).toBe(12);
});

test('gives the same bytes for the same seed only', () => {
  const digest = (seed: number): string =>
    sha256Of(toContent(makeModel({ seed, sizeBytes: 1e6 })['tiny-Q4_0.gguf'] ?? ''));
  expect(digest(1)).toBe(digest(1));
  expect(digest(1)).not.toBe(digest(2));
});
