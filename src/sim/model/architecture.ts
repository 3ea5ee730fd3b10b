/** A tensor of a made-up language model. */
export interface TensorShape {
  readonly name: string;
  /** The name llama.cpp has for it. */
  readonly ggufName: string;
  readonly shape: readonly number[];
}

/** Dimensions of a model with the make-up of Llama. */
export interface Architecture {
  readonly hidden: number;
  readonly intermediate: number;
  readonly layers: number;
  readonly heads: number;
  readonly vocabulary: number;
  readonly tensors: readonly TensorShape[];
}

export const BF16_BYTES = 2;
const HIDDEN_SIZES = [2048, 1024, 512, 256, 128, 64, 32];
const MIN_VOCABULARY = 64;
const MAX_VOCABULARY = 32_000;

/** The architecture whose bfloat16 weights come nearest to `weightBytes`, with at least `minLayers` layers. */
export function designArchitecture(weightBytes: number, minLayers: number): Architecture {
  const hidden = HIDDEN_SIZES.find((size) => (Math.max(4, minLayers) * layerBytes(size)) / 0.8 <= weightBytes) ?? 32;
  const forLayers = weightBytes - BF16_BYTES * hidden * Math.min(MAX_VOCABULARY, (0.2 * weightBytes) / hidden / 2);
  const layers = Math.max(1, minLayers, Math.floor(forLayers / layerBytes(hidden)));
  const rest = weightBytes - layers * layerBytes(hidden);
  const vocabulary = Math.max(MIN_VOCABULARY, Math.floor(rest / (BF16_BYTES * hidden)) - 1);
  const intermediate = intermediateSize(hidden);
  const tensors = [
    { name: 'model.embed_tokens.weight', ggufName: 'token_embd.weight', shape: [vocabulary, hidden] },
    ...Array.from({ length: layers }, (_, index) => layerTensors(index, hidden, intermediate)).flat(),
    { name: 'model.norm.weight', ggufName: 'output_norm.weight', shape: [hidden] },
  ];
  return { hidden, intermediate, layers, heads: Math.max(1, hidden / 32), vocabulary, tensors };
}

export function elements({ shape }: TensorShape): number {
  return shape.reduce((product, size) => product * size, 1);
}

function layerTensors(index: number, hidden: number, intermediate: number): TensorShape[] {
  const tensor = (name: string, ggufName: string, ...shape: number[]): TensorShape => ({
    name: `model.layers.${index}.${name}.weight`,
    ggufName: `blk.${index}.${ggufName}.weight`,
    shape,
  });
  return [
    tensor('input_layernorm', 'attn_norm', hidden),
    tensor('self_attn.q_proj', 'attn_q', hidden, hidden),
    tensor('self_attn.k_proj', 'attn_k', hidden, hidden),
    tensor('self_attn.v_proj', 'attn_v', hidden, hidden),
    tensor('self_attn.o_proj', 'attn_output', hidden, hidden),
    tensor('post_attention_layernorm', 'ffn_norm', hidden),
    tensor('mlp.gate_proj', 'ffn_gate', intermediate, hidden),
    tensor('mlp.up_proj', 'ffn_up', intermediate, hidden),
    tensor('mlp.down_proj', 'ffn_down', hidden, intermediate),
  ];
}

function intermediateSize(hidden: number): number {
  return Math.ceil((hidden * 8) / 3 / 32) * 32;
}

function layerBytes(hidden: number): number {
  return BF16_BYTES * (4 * hidden * hidden + 3 * hidden * intermediateSize(hidden) + 2 * hidden);
}
