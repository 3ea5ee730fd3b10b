import { GGUF_FILE_TYPES, type GgufHeader } from '../../scan/index.js';
import type { ModelShape } from './model-facts.js';

const CACHE_BYTES = 2;
const MOST = 2 ** 31;

/** What the entries of a GGUF file say of the model, by the names of docs/gguf.md of ggml. */
export function shapeOfGguf({ metadata }: GgufHeader): ModelShape {
  const family = metadata.get('general.architecture');
  if (typeof family !== 'string') return {};
  const numbers = (name: string): readonly number[] => {
    const value = metadata.get(`${family}.${name}`);
    const all = typeof value === 'object' ? (value.items ?? []) : [value];
    return all.map(Number).filter((each) => Number.isInteger(each) && each >= 0 && each < MOST);
  };
  const [mostTokens] = numbers('context_length');
  const [layers] = numbers('block_count');
  const [heads] = numbers('attention.head_count');
  const [width] = numbers('embedding_length');
  const known = mostTokens === undefined || mostTokens === 0 ? {} : { mostTokens };
  if (!layers || !heads || !width) return known;
  // One number for all layers, or one for each.
  const told = numbers('attention.head_count_kv');
  const keepers = told.length > 1 ? sum(told) : layers * (told[0] ?? heads);
  const [keyWidth = width / heads] = numbers('attention.key_length');
  const [valueWidth = width / heads] = numbers('attention.value_length');
  return { ...known, cacheBytesPerToken: keepers * (keyWidth + valueWidth) * CACHE_BYTES };
}

/** What most of a GGUF file is in, as it says itself. */
export function quantisationOf({ metadata }: GgufHeader): string | undefined {
  return GGUF_FILE_TYPES.get(Number(metadata.get('general.file_type')));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
