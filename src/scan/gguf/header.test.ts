import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatFault } from '../format-fault.js';
import { buildGguf, type GgufPlan } from '../testing/build-gguf.js';
import { parseGgufHeader } from './header.js';

const Q4_K = 12;
const PLAN: GgufPlan = {
  metadata: {
    'general.architecture': ['string', 'llama'],
    'general.file_type': ['u32', 15],
    'llama.block_count': ['u32', 2],
    'llama.attention.head_count_kv': ['u32s', [2, 4]],
    'general.size': ['u64', 2 ** 40],
    'tokenizer.ggml.add_bos_token': ['bool', true],
    'llama.rope.freq_base': ['f32', 10_000],
    'tokenizer.ggml.tokens': ['strings', Array.from({ length: 3_000 }, (_, index) => `token ${index}`)],
  },
  tensors: [
    { name: 'a', shape: [256, 2], type: Q4_K, startByte: 0 },
    { name: 'b', shape: [3], type: 0, startByte: 288 },
  ],
  dataBytes: 300,
};
const GOOD = buildGguf(PLAN);

const ruleOf = (file: Buffer): string => {
  try {
    parseGgufHeader(file, file.length);
  } catch (thrown) {
    if (thrown instanceof FormatFault) return thrown.rule;
    throw thrown;
  }
  return 'none';
};
const withTensor = (tensor: Partial<GgufPlan['tensors'][number]>): Buffer =>
  buildGguf({ ...PLAN, tensors: [{ name: 'a', shape: [256, 2], type: Q4_K, startByte: 0, ...tensor }] });

describe('the header of GGUF', () => {
  it('gives entries and tensors; long lists by their length alone', () => {
    const { version, metadata, tensors, dataStartByte } = parseGgufHeader(GOOD, GOOD.length);
    expect(version).toBe(3);
    expect(metadata.get('general.architecture')).toBe('llama');
    expect(metadata.get('general.size')).toBe(2n ** 40n);
    expect(metadata.get('tokenizer.ggml.add_bos_token')).toBe(true);
    expect(metadata.get('llama.rope.freq_base')).toBe(10_000);
    expect(metadata.get('llama.attention.head_count_kv')).toEqual({ length: 2, items: [2, 4] });
    expect(metadata.get('tokenizer.ggml.tokens')).toEqual({ length: 3_000 });
    expect(tensors).toEqual([
      { name: 'a', type: 'Q4_K', shape: [256, 2], elements: 512, startByte: 0, sizeBytes: 288 },
      { name: 'b', type: 'F32', shape: [3], elements: 3, startByte: 288, sizeBytes: 12 },
    ]);
    expect(dataStartByte).toBe(GOOD.length - PLAN.dataBytes);
  });

  it('gives what stands in the first bytes of it, wherever they end', () => {
    const headerBytes = GOOD.length - PLAN.dataBytes;
    fc.assert(
      fc.property(fc.nat(headerBytes - 33), (bytes) => {
        const part = parseGgufHeader(GOOD.subarray(0, bytes), GOOD.length);
        expect(part.dataStartByte).toBeUndefined();
        const whole = parseGgufHeader(GOOD, GOOD.length);
        expect([...part.metadata]).toEqual([...whole.metadata].slice(0, part.metadata.size));
        expect(part.tensors).toEqual(whole.tensors.slice(0, part.tensors.length));
      }),
    );
    // The same bytes as a whole file are a broken one.
    expect(ruleOf(GOOD.subarray(0, headerBytes - 40))).toBe('GGUF-TRUNCATED');
  });

  it.each<[string, Buffer]>([
    ['none', buildGguf({ ...PLAN, version: 2 })],
    ['none', withTensor({ shape: [], type: 0 })],
    ['GGUF-VERSION', buildGguf({ ...PLAN, version: 1 })],
    ['GGUF-VERSION', buildGguf({ ...PLAN, version: 0x0300_0000 })],
    ['GGUF-MAGIC', Buffer.from('PK\u0003\u0004 and something that is longer')],
    ['GGUF-TRUNCATED', Buffer.from('GG')],
    ['GGUF-TENSOR', withTensor({ type: 4 })],
    ['GGUF-TENSOR', withTensor({ shape: [255, 2] })],
    ['GGUF-TENSOR', withTensor({ shape: [1, 1, 1, 1, 1], type: 0 })],
    ['GGUF-TENSOR', withTensor({ shape: [2 ** 40, 2 ** 40] })],
    ['GGUF-TENSOR', withTensor({ startByte: 16 })],
    ['GGUF-TENSOR', withTensor({ startByte: 32 })],
    ['GGUF-TENSOR', buildGguf({ ...PLAN, dataBytes: 299 })],
    ['GGUF-TENSOR', buildGguf({ ...PLAN, tensors: PLAN.tensors.map((each) => ({ ...each, name: 'same' })) })],
    ['GGUF-TENSOR', buildGguf({ ...PLAN, tensors: PLAN.tensors.map((each) => ({ ...each, startByte: 0 })) })],
    ['GGUF-VALUE', buildGguf({ ...PLAN, metadata: { 'general.alignment': ['u32', 24] } })],
    ['GGUF-VALUE', buildGguf({ ...PLAN, metadata: { 'general.alignment': ['string', '32'] } })],
  ])('%s', (rule, file) => {
    expect(ruleOf(file)).toBe(rule);
  });

  it('believes no count and no length', () => {
    // Tensors, entries, the length of the first key.
    for (const at of [8, 16, 24]) {
      for (const value of [2n ** 64n - 1n, 2n ** 63n, 2n ** 31n, 1_000_001n]) {
        const file = Buffer.from(GOOD);
        file.writeBigUInt64LE(value, at);
        expect(['GGUF-LIMIT', 'GGUF-TRUNCATED']).toContain(ruleOf(file));
      }
    }
  });

  it('takes any bytes, and any change of one, without another error', () => {
    const small = buildGguf({ ...PLAN, metadata: { 'general.alignment': ['u32', 32], list: ['u32s', [1, 2]] } });
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => void ruleOf(Buffer.concat([Buffer.from('GGUF\u0003\0\0\0'), bytes]))),
    );
    fc.assert(
      fc.property(fc.nat(small.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(small);
        changed[at] = byte;
        void ruleOf(changed);
      }),
      { numRuns: 500 },
    );
  });
});
