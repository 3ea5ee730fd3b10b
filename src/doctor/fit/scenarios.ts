const GIB = 2 ** 30;

/** What somebody wants to do with a model, and what that asks of the memory it runs in. */
export interface Scenario {
  readonly name: 'development' | 'production';
  readonly level: 'minimum' | 'recommended';
  /** Texts that are worked on at once. */
  readonly sequences: number;
  /** Of each; no more than the model was made for. `Infinity` is all that it was made for. */
  readonly contextTokens: number;
  /** Of a GPU's memory that may be used. */
  readonly gpuShare: number;
}

/**
 * Development: one person loads it and tries; 2048 tokens are a question with its answer, 8192 a document.
 * Production: servers refuse to start where one text of the longest length does not fit (vLLM, `kv_cache_utils.py`: "max seq len is larger than the
 * maximum number of tokens that can be stored in KV cache"), and take nine tenths of a GPU (its `--gpu-memory-utilization`, 0.9 by default).
 * Sixteen documents at once is our own measure of headroom.
 */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'development', level: 'minimum', sequences: 1, contextTokens: 2048, gpuShare: 1 },
  { name: 'development', level: 'recommended', sequences: 1, contextTokens: 8192, gpuShare: 1 },
  { name: 'production', level: 'minimum', sequences: 1, contextTokens: Infinity, gpuShare: 0.9 },
  { name: 'production', level: 'recommended', sequences: 16, contextTokens: 8192, gpuShare: 0.9 },
];

/** Where a model does not say how much it was made for. */
export const USUAL_TOKENS = 8192;

/** Kernels that are loaded beside a model: "1-2GB" by transformers' "Anatomy of Model's Memory" (model_memory_anatomy). On each GPU. */
export const GPU_RESERVE_BYTES = GIB;

/** The interpreter with its libraries, and what a system keeps for itself. */
export const MEMORY_RESERVE_BYTES = GIB;
