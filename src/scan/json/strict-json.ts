import { JsonFault, parseStrictJson as parse, type StrictJson } from '../../base/index.js';
import { FormatFault } from '../format-fault.js';

export type { StrictJson };

/**
 * The JSON that all readers take alike, as a part of a file of weights.
 * @throws FormatFault JSON
 */
export function parseStrictJson(bytes: Uint8Array): StrictJson {
  try {
    return parse(bytes);
  } catch (thrown) {
    if (thrown instanceof JsonFault) throw new FormatFault('JSON', thrown.message);
    throw thrown;
  }
}
