import type { Content } from '../content.js';
import type { SimFiles } from '../repository.js';
import { BF16_BYTES, designArchitecture, elements, type Architecture } from './architecture.js';
import { ggufFile, tokenText } from './gguf.js';
import { safetensorsFile, shardTensors } from './safetensors.js';

export interface ModelOptions {
  readonly seed: number | string;
  /** Of all weights together, safetensors and GGUF; met to within a few per cent from 1 MB up. */
  readonly sizeBytes: number;
  /** Safetensors files; 2 unless told. */
  readonly shards?: number;
  /** Whether there is a GGUF file too; yes unless told. */
  readonly gguf?: boolean;
  /** `Tiny` unless told. */
  readonly name?: string;
}

/** Q4_0 takes 18 bytes where bfloat16 takes 64. */
const GGUF_SHARE = 18 / 64;

/** The files of a model that does not exist, with valid headers throughout. Weights are made when they are read. */
export function makeModel(options: ModelOptions): SimFiles {
  const { seed, sizeBytes, shards = 2, gguf = true, name = 'Tiny' } = options;
  const model = designArchitecture(sizeBytes / (gguf ? 1 + GGUF_SHARE : 1), Math.ceil(shards / 2));
  const dealt = shardTensors(model.tensors, shards);
  const files: Record<string, string | Content> = {
    '.gitattributes': ['safetensors', 'gguf'].map((end) => `*.${end} filter=lfs diff=lfs merge=lfs -text\n`).join(''),
    'README.md': readme(name, model),
    'config.json': pretty(config(model)),
    'generation_config.json': pretty({ bos_token_id: 1, eos_token_id: 2, max_length: 2048 }),
    'tokenizer.json': pretty(tokenizer(model)),
    'tokenizer_config.json': pretty({ tokenizer_class: 'PreTrainedTokenizerFast', unk_token: '<unk>' }),
  };
  const weightMap: Record<string, string> = {};
  dealt.forEach((tensors, index) => {
    const path = shardName(index, dealt.length);
    files[path] = safetensorsFile(tensors, `${seed} shard ${index}`);
    for (const tensor of tensors) weightMap[tensor.name] = path;
  });
  if (dealt.length > 1) {
    const total = model.tensors.reduce((sum, tensor) => sum + elements(tensor) * BF16_BYTES, 0);
    files['model.safetensors.index.json'] = pretty({ metadata: { total_size: total }, weight_map: weightMap });
  }
  if (gguf) files[`${name.toLowerCase()}-Q4_0.gguf`] = ggufFile(model, name, `${seed} gguf`);
  return files;
}

function shardName(index: number, count: number): string {
  if (count === 1) return 'model.safetensors';
  const five = (value: number): string => String(value).padStart(5, '0');
  return `model-${five(index + 1)}-of-${five(count)}.safetensors`;
}

function config(model: Architecture): object {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: model.hidden,
    intermediate_size: model.intermediate,
    num_hidden_layers: model.layers,
    num_attention_heads: model.heads,
    num_key_value_heads: model.heads,
    vocab_size: model.vocabulary,
    max_position_embeddings: 2048,
    rms_norm_eps: 1e-5,
    tie_word_embeddings: true,
    torch_dtype: 'bfloat16',
  };
}

function tokenizer(model: Architecture): object {
  const vocab = Object.fromEntries(Array.from({ length: model.vocabulary }, (_, index) => [tokenText(index), index]));
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'Whitespace' },
    post_processor: null,
    decoder: null,
    model: { type: 'WordLevel', vocab, unk_token: '<unk>' },
  };
}

function readme(name: string, model: Architecture): string {
  return `---\nlicense: apache-2.0\nlibrary_name: transformers\n---\n\n# ${name}\n\nA made-up model of ${model.layers} layers. Its weights mean nothing.\n`;
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
