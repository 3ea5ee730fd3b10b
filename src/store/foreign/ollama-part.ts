import type { ByteRange } from './foreign-partial.js';

/** What a `sha256-<hex>-partial-<n>` of Ollama says: JSON with Offset, Size and Completed. Never throws. */
export function parseOllamaPart(text: string): ByteRange | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { Offset, Size, Completed } = value as Readonly<Record<string, unknown>>;
  if (!isCount(Offset) || !isCount(Size) || !isCount(Completed)) return undefined;
  if (Completed === 0 || Completed > Size || !Number.isSafeInteger(Offset + Size)) return undefined;
  return { startByte: Offset, endByte: Offset + Completed };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
