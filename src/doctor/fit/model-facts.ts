import type { Failure } from '../facts.js';

export type WeightFormat = 'safetensors' | 'gguf' | 'pytorch';

/** One of the ways in which a repository holds its weights: files that belong together. */
export interface VariantFacts {
  /** `model`, `Q4_K_M`, `unet`: what tells it from the others. */
  readonly name: string;
  readonly format: WeightFormat;
  readonly sizeBytes: number;
  readonly files: number;
  /** Elements by type (`BF16`, `Q4_K`), as far as headers were read; scaled up where only some were. */
  readonly types?: Readonly<Record<string, number>>;
  /** Where only some headers were read. */
  readonly isEstimated?: boolean;
}

/** What decides how much memory a model needs beside its weights. */
export interface ModelShape {
  /** Tokens that it was made for. */
  readonly mostTokens?: number;
  /** What each token of context takes; absent where the configuration does not tell. */
  readonly cacheBytesPerToken?: number;
}

/** What a repository says of itself. */
export interface ModelFacts {
  readonly variants: readonly VariantFacts[];
  readonly shape: ModelShape;
  readonly modelType?: string;
  /** The version of transformers that wrote the configuration. */
  readonly transformers?: string;
  /** `awq`, `gptq`, `fp8`, …: `quantization_config.quant_method`. */
  readonly quantisation?: string;
  /** Of each weight, where several share a number (GPTQ, AWQ): `quantization_config.bits`. */
  readonly packedBits?: number;
  /** What could not be read of it. */
  readonly failures: readonly (Failure & { readonly path: string })[];
}
