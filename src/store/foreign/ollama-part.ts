import { jsonObject } from '../files/json-object.js';
import type { ByteRange } from './foreign-partial.js';

/** What a `sha256-<hex>-partial-<n>` of Ollama says: JSON with Offset, Size and Completed. Never throws. */
export function parseOllamaPart(text: string): ByteRange | undefined {
  const { Offset, Size, Completed } = jsonObject(text) ?? {};
  if (!isCount(Offset) || !isCount(Size) || !isCount(Completed)) return undefined;
  if (Completed === 0 || Completed > Size || !Number.isSafeInteger(Offset + Size)) return undefined;
  return { startByte: Offset, endByte: Offset + Completed };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
