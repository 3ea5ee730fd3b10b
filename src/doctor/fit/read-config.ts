import type { ModelFacts, ModelShape } from './model-facts.js';

type Told = Pick<ModelFacts, 'shape' | 'modelType' | 'transformers' | 'quantisation' | 'packedBits'>;
type Fields = Readonly<Record<string, unknown>>;

/** Keys and values of attention are kept in 16 bits by transformers, vLLM and llama.cpp unless told otherwise. */
const CACHE_BYTES = 2;
/** They keep `qweight` as int32, each of 32 / bits weights (transformers, `GPTQConfig.bits` and `AwqConfig.bits`). */
const PACKING: ReadonlySet<string> = new Set(['gptq', 'awq']);
/** No model is near these; what is beyond is not believed. */
const MOST = 2 ** 31;

/**
 * What `config.json` says, as transformers writes it (its `PretrainedConfig`). Of a model for several kinds of input the part for text counts.
 * `value` is parsed JSON from outside.
 */
export function readConfig(value: unknown): Told {
  const config = asFields(value);
  const text = asFields(config.text_config ?? config.llm_config ?? config.language_config);
  const fields: Fields = Object.keys(text).length === 0 ? config : { ...config, ...text };
  const modelType = asName(config.model_type);
  const transformers = asVersion(config.transformers_version);
  const quantised = asFields(config.quantization_config);
  const quantisation = asName(quantised.quant_method);
  const bits = PACKING.has(quantisation ?? '') ? asCount(quantised.bits) : undefined;
  return {
    shape: shapeOf(fields),
    ...(modelType === undefined ? {} : { modelType }),
    ...(transformers === undefined ? {} : { transformers }),
    ...(quantisation === undefined ? {} : { quantisation }),
    ...(bits === undefined || bits > 8 ? {} : { packedBits: bits }),
  };
}

function shapeOf(config: Fields): ModelShape {
  const first = (...names: readonly string[]): number | undefined =>
    names.map((name) => asCount(config[name])).find((each) => each !== undefined);
  const mostTokens = first('max_position_embeddings', 'n_positions', 'max_sequence_length', 'seq_length', 'n_ctx');
  const cacheBytesPerToken = cacheBytes(config, first);
  return {
    ...(mostTokens === undefined ? {} : { mostTokens }),
    ...(cacheBytesPerToken === undefined ? {} : { cacheBytesPerToken }),
  };
}

/**
 * Two vectors, key and value, for each head that keeps them, in each layer (Shazeer 2019 for fewer such heads than there are; DeepSeek-V2 for one
 * compressed vector and one for places in their stead). Windows that slide are not taken off: not all layers have them.
 */
function cacheBytes(config: Fields, first: (...names: readonly string[]) => number | undefined): number | undefined {
  const layers = first('num_hidden_layers', 'n_layer', 'num_layers', 'n_layers');
  if (layers === undefined) return undefined;
  const [rank, places] = [first('kv_lora_rank'), first('qk_rope_head_dim')];
  if (rank !== undefined && places !== undefined) return layers * (rank + places) * CACHE_BYTES;
  const heads = first('num_attention_heads', 'n_head', 'n_heads');
  const width = first('hidden_size', 'n_embd', 'd_model');
  if (heads === undefined || width === undefined) return undefined;
  const keepers =
    first('num_key_value_heads', 'n_head_kv', 'num_kv_heads') ?? (config.multi_query === true ? 1 : heads);
  const headWidth = first('head_dim') ?? width / heads;
  return 2 * layers * keepers * headWidth * CACHE_BYTES;
}

function asFields(value: unknown): Fields {
  // Own fields alone: `__proto__` and the like name nothing.
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (Object.assign(Object.create(null), value) as Fields)
    : {};
}

function asCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < MOST ? value : undefined;
}

function asName(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.+-]{1,64}$/.test(value) ? value : undefined;
}

function asVersion(value: unknown): string | undefined {
  return typeof value === 'string' && /^\d+\.\d+[\w.+-]{0,32}$/.test(value) ? value : undefined;
}
