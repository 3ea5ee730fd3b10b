import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ManifestFile } from '../../hubs/index.js';
import { parseGgufHeader } from '../../scan/index.js';
import { buildGguf } from '../../scan/testing/build-gguf.js';
import type { GpuFacts, MachineFacts } from '../facts.js';
import { driverFor, isOlder, transformersFor } from './compatibility.js';
import { findVariants } from './find-variants.js';
import { fitOf } from './fit.js';
import type { ModelFacts } from './model-facts.js';
import { parsePython } from './probe-python.js';
import { readConfig } from './read-config.js';
import { shapeOfGguf } from './read-gguf.js';

const GIB = 2 ** 30;

describe('what a repository holds', () => {
  const file = (path: string, sizeBytes = 10): ManifestFile => ({ path, sizeBytes, digests: {} });
  const found = (...paths: readonly string[]): readonly string[] =>
    findVariants(paths.map((path, index) => file(path, 100 - index))).map(
      ({ name, format, files }) => `${name} ${format} ${files.length}`,
    );

  it.each<[string, readonly string[], readonly string[]]>([
    [
      'shards, and what PyTorch has of the same',
      ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors', 'pytorch_model.bin'],
      ['model safetensors 2'],
    ],
    ['PyTorch alone', ['pytorch_model.bin', 'training_args.bin', 'optimizer.pt'], ['pytorch_model pytorch 1']],
    [
      'quantisations, largest first',
      [
        'm-Q8_0.gguf',
        'm.IQ4_XS.gguf',
        'x/m-q4_k_m-00001-of-00002.gguf',
        'x/m-q4_k_m-00002-of-00002.gguf',
        'mmproj-F16.gguf',
      ],
      ['Q4_K_M gguf 2', 'Q8_0 gguf 1', 'IQ4_XS gguf 1'],
    ],
    [
      'a copy in a folder',
      ['model.safetensors', 'original/consolidated.safetensors', 'onnx/x.safetensors'],
      ['model safetensors 1'],
    ],
    ['other precisions', ['model.fp16.safetensors', 'model.safetensors'], ['model safetensors 1']],
    [
      'a pipeline',
      [
        'model_index.json',
        'unet/diffusion_pytorch_model.safetensors',
        'vae/diffusion_pytorch_model.safetensors',
        'all.safetensors',
      ],
      ['pipeline safetensors 2'],
    ],
    ['no weights', ['README.md', 'tokenizer.json'], []],
  ])('%s', (_, paths, variants) => {
    expect(found(...paths)).toEqual(variants);
  });
});

describe('what a token of context takes', () => {
  it.each<[string, Record<string, unknown>, number | undefined]>([
    // Llama 3.1 8B: 2 × 32 layers × 8 heads × 128 × 2 bytes.
    [
      'few heads that keep',
      { num_hidden_layers: 32, num_attention_heads: 32, num_key_value_heads: 8, hidden_size: 4096 },
      131_072,
    ],
    ['all heads keep', { n_layer: 12, n_head: 12, n_embd: 768 }, 36_864],
    [
      'heads of their own width',
      { num_hidden_layers: 2, num_attention_heads: 4, hidden_size: 64, head_dim: 128 },
      4_096,
    ],
    ['one head', { n_layer: 2, n_head: 4, n_embd: 64, multi_query: true }, 128],
    // DeepSeek-V3: 61 layers × (512 + 64) × 2 bytes.
    [
      'compressed',
      { num_hidden_layers: 61, kv_lora_rank: 512, qk_rope_head_dim: 64, num_attention_heads: 128, hidden_size: 7168 },
      70_272,
    ],
    // Qwen3-30B-A3B: 2 × 48 layers × 4 heads × 128 × 2 bytes. Experts keep nothing.
    [
      'experts',
      {
        ...{ num_hidden_layers: 48, num_attention_heads: 32, num_key_value_heads: 4, hidden_size: 2048 },
        ...{ head_dim: 128, num_experts: 128, num_experts_per_tok: 8, moe_intermediate_size: 768 },
      },
      98_304,
    ],
    ['the part for text', { vision_config: {}, text_config: { n_layer: 1, n_head: 1, n_embd: 8 } }, 32],
    ['nothing told', { model_type: 'mamba' }, undefined],
    ['nonsense', { num_hidden_layers: -1, num_attention_heads: '4', hidden_size: 1e300 }, undefined],
  ])('%s', (_, config, bytes) => {
    expect(readConfig(config).shape.cacheBytesPerToken).toBe(bytes);
  });

  it.each(['gptq', 'awq', 'fp8', 'mxfp4', 'compressed-tensors'])(
    'is the same where weights are quantised by %s, which is told',
    (method) => {
      const shape = { num_hidden_layers: 32, num_attention_heads: 32, num_key_value_heads: 8, hidden_size: 4096 };
      const told = readConfig({ ...shape, quantization_config: { quant_method: method, bits: 4 } });
      expect(told).toMatchObject({ quantisation: method, shape: { cacheBytesPerToken: 131_072 } });
      // Only these put several weights into one number.
      expect(told.packedBits).toBe(['gptq', 'awq'].includes(method) ? 4 : undefined);
    },
  );

  it('by GGUF, with one number of heads for all layers or one for each', () => {
    const shape = (kv: readonly ['u32' | 'u32s', unknown]) => {
      const bytes = buildGguf({
        metadata: {
          'general.architecture': ['string', 'llama'],
          'llama.context_length': ['u32', 4096],
          'llama.block_count': ['u32', 2],
          'llama.embedding_length': ['u32', 64],
          'llama.attention.head_count': ['u32', 4],
          'llama.attention.head_count_kv': kv,
        },
        tensors: [],
        dataBytes: 0,
      });
      return shapeOfGguf(parseGgufHeader(bytes, bytes.length));
    };
    expect(shape(['u32', 2])).toEqual({ mostTokens: 4096, cacheBytesPerToken: 2 * 2 * 32 * 2 });
    expect(shape(['u32s', [1, 3]])).toEqual({ mostTokens: 4096, cacheBytesPerToken: 4 * 32 * 2 });
  });

  it('is a size or nothing whatever stands there', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.dictionary(fc.constantFrom('n_layer', 'n_head', 'n_embd', 'text_config'), fc.jsonValue()),
        (any, some) => {
          for (const config of [any, some]) expect(readConfig(config).shape.cacheBytesPerToken ?? 1).toBeGreaterThan(0);
        },
      ),
    );
  });
});

describe('where a model fits', () => {
  const gpu = (gib: number, usedGib = 0): GpuFacts => ({
    ...{ name: 'G', vendor: 'nvidia', memoryBytes: gib * GIB, usedBytes: usedGib * GIB },
  });
  const machine = (memoryGib: number, ...gpus: readonly GpuFacts[]): MachineFacts => ({
    ...{ processors: 8, memoryBytes: memoryGib * GIB, hashBytesPerSecond: 1e9, kernel: {}, disk: { path: '/' }, gpus },
  });
  const model = (...sizesGib: readonly number[]): ModelFacts => ({
    variants: sizesGib.map((gib) => ({ name: `${gib}`, format: 'gguf', sizeBytes: gib * GIB, files: 1 })),
    // 131072 bytes a token: 8192 tokens are 1 GiB.
    shape: { mostTokens: 32_768, cacheBytesPerToken: 131_072 },
    failures: [],
  });

  it.each<[string, ModelFacts, MachineFacts, readonly string[], number | undefined]>([
    ['one GPU', model(15), machine(8, gpu(24)), ['gpu', 'gpu', 'gpu', 'nowhere'], 0],
    ['two GPUs', model(30), machine(8, gpu(24), gpu(24)), ['gpus', 'gpus', 'gpus', 'nowhere'], 0],
    ['memory', model(10), machine(16, gpu(8)), ['memory', 'memory', 'memory', 'nowhere'], 0],
    ['nowhere', model(100), machine(16, gpu(8)), ['nowhere', 'nowhere', 'nowhere', 'nowhere'], undefined],
    ['to the last byte', model(15), machine(0, gpu(16.25)), ['gpu', 'nowhere', 'nowhere', 'nowhere'], 0],
    ['less than that', model(15), machine(0, gpu(16.24)), ['nowhere', 'nowhere', 'nowhere', 'nowhere'], undefined],
    ['a server', model(15), machine(0, gpu(80)), ['gpu', 'gpu', 'gpu', 'gpu'], 0],
  ])('%s', (_, asked, here, places, best) => {
    const fit = fitOf(asked, here);
    expect(fit.variants[0]?.needs.map(({ place }) => place)).toEqual(places);
    expect(fit.best).toBe(best);
  });

  it('is told by all of its bytes, be they experts that sleep or a type of few bits, and by the length of its context', () => {
    // 30.5 B parameters of which 3.3 B work at once, in two bytes, one, and GGUF's 4.8 bits.
    const needs = (bytesEach: number, tokens: number): readonly number[] => {
      const variants = [{ name: 'm', format: 'safetensors', sizeBytes: 30.5e9 * bytesEach, files: 1 }] as const;
      const shape = { mostTokens: tokens, cacheBytesPerToken: 98_304 };
      return (
        fitOf({ variants, shape, failures: [] }, machine(0, gpu(48))).variants[0]?.needs.map(({ bytes }) => bytes) ?? []
      );
    };
    expect(needs(2, 40_960)).toEqual(
      [1, 1, 1, 16].map((count, at) => GIB + 61e9 + count * [2048, 8192, 40_960, 8192][at]! * 98_304),
    );
    expect(needs(1, 40_960)[2]).toBe(GIB + 30.5e9 + 40_960 * 98_304);
    expect(needs(0.6, 262_144)[2]).toBe(GIB + 18.3e9 + 262_144 * 98_304);
  });

  it('is told with the tokens that it has room for, and the largest quantisation that runs fastest', () => {
    const fit = fitOf(model(30, 15, 4), machine(64, gpu(24)));
    expect(fit.best).toBe(1);
    expect(fit.variants.map(({ place }) => place)).toEqual(['memory', 'gpu', 'gpu']);
    expect(fit.variants[0]?.contextTokens).toBe(32_768);
    expect(fitOf(model(15), machine(0, gpu(17))).variants[0]?.contextTokens).toBe(8_192);
    expect(fit.variants[1]?.needs.map(({ contextTokens }) => contextTokens)).toEqual([2048, 8192, 32_768, 8192]);
  });

  it('never gets worse with more memory', () => {
    const order = ['gpu', 'gpus', 'memory', 'nowhere'];
    const size = fc.nat(100);
    fc.assert(
      fc.property(size, size, size, size, (weights, memory, one, more) => {
        const less = fitOf(model(weights), machine(memory, gpu(one))).variants[0]?.place ?? '';
        const better = fitOf(model(weights), machine(memory + more, gpu(one + more))).variants[0]?.place ?? '';
        expect(order.indexOf(better)).toBeLessThanOrEqual(order.indexOf(less));
      }),
    );
  });
});

describe('versions', () => {
  it.each<[string, string, boolean]>([
    ['4.36.2', '4.37.0', true],
    ['4.37.0', '4.37', false],
    ['4.100.0', '4.37.0', false],
    ['5.0.0rc1', '5.0.0', false],
    ['535.183.01', '580', true],
    ['550.54', '525', false],
  ])('%s before %s: %s', (one, other, is) => {
    expect(isOlder(one, other)).toBe(is);
  });

  it('that something needs are known by name, and names of JavaScript are none', () => {
    expect(transformersFor('qwen2')).toBe('4.37.0');
    expect(driverFor('12.4')).toBe('525');
    for (const name of ['constructor', '__proto__', '']) {
      expect(transformersFor(name)).toBeUndefined();
      expect(driverFor(name)).toBeUndefined();
    }
  });
});

describe('Python', () => {
  it('is the last line of what the script prints', () => {
    const told = { version: '3.11.7', packages: { torch: '2.3.0+cu121', other: '1' }, torchCuda: '12.1' };
    expect(parsePython(`a warning\n${JSON.stringify(told)}\n`)).toEqual({
      ...{ version: '3.11.7', packages: { torch: '2.3.0+cu121' }, torchCuda: '12.1' },
    });
    expect(parsePython('')).toBeUndefined();
    expect(parsePython('{"version":"3.11.7\\u001b[0m"}')).toBeUndefined();
  });

  it('may print anything', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parsePython(text)));
  });
});
