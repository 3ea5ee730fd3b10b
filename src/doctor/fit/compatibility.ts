/** From which version of transformers on a `model_type` is known to it: the first minor version whose package names it in `models/auto/configuration_auto.py`. */
const SINCE: Readonly<Record<string, string>> = {
  falcon: '4.31.0',
  gemma: '4.38.0',
  gemma2: '4.42.0',
  gemma3: '4.50.0',
  gemma3_text: '4.50.0',
  gemma3n: '4.53.0',
  gpt_oss: '4.55.0',
  llama: '4.28.0',
  llama4: '4.51.0',
  mistral: '4.34.0',
  mixtral: '4.36.0',
  mllama: '4.45.0',
  olmo2: '4.47.0',
  phi3: '4.41.0',
  qwen2: '4.37.0',
  qwen2_moe: '4.40.0',
  qwen2_vl: '4.45.0',
  qwen2_5_vl: '4.49.0',
  qwen3: '4.51.0',
  qwen3_moe: '4.51.0',
  qwen3_next: '4.57.0',
  qwen3_vl: '4.57.0',
  starcoder2: '4.39.0',
};

/** The oldest driver that runs what was built for a CUDA of this major version ("Minor Version Compatibility", table 1, docs.nvidia.com/deploy/cuda-compatibility). */
const DRIVERS: Readonly<Record<string, string>> = { 11: '450', 12: '525', 13: '580' };

export function transformersFor(modelType: string): string | undefined {
  return Object.hasOwn(SINCE, modelType) ? SINCE[modelType] : undefined;
}

/** `cuda` as PyTorch names it: `12.4`. */
export function driverFor(cuda: string): string | undefined {
  const [major = ''] = cuda.split('.');
  return Object.hasOwn(DRIVERS, major) ? DRIVERS[major] : undefined;
}

/**
 * Whether a version comes before another by their numbers alone. What comes before a release of the same numbers (`4.51.0.dev0`, `5.0.0rc1`) counts
 * as that release: it knows most of what the release does.
 */
export function isOlder(version: string, than: string): boolean {
  const [one, other] = [numbersOf(version), numbersOf(than)];
  for (let index = 0; index < Math.max(one.length, other.length); index += 1) {
    const [left = 0, right = 0] = [one[index], other[index]];
    if (left !== right) return left < right;
  }
  return false;
}

function numbersOf(version: string): readonly number[] {
  const [numbers = ''] = /^\d+(?:\.\d+)*/.exec(version) ?? [];
  return numbers.split('.').map(Number);
}
