import { MAX_JSON_DEPTH } from './limits.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENERS: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSERS: ReadonlySet<number> = new Set([0x5d, 0x7d]);

export type JsonOutcome = { readonly value: unknown } | { readonly reason: string };

/** JSON from outside: strict UTF-8, nested no deeper than `MAX_JSON_DEPTH`. Gives the value or why it has none. */
export function parseJson(bytes: Buffer): JsonOutcome {
  if (/^\s*</.test(bytes.toString('latin1', 0, 64))) return { reason: 'a web page instead of JSON' };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { reason: 'JSON that is not UTF-8' };
  }
  if (isTooDeep(bytes)) return { reason: `JSON nested deeper than ${MAX_JSON_DEPTH}` };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { reason: text.trim() === '' ? 'nothing instead of JSON' : 'broken JSON' };
  }
}

function isTooDeep(bytes: Buffer): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0;
    if (inString) {
      if (byte === BACKSLASH) index += 1;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (OPENERS.has(byte)) {
      depth += 1;
      if (depth > MAX_JSON_DEPTH) return true;
    } else if (CLOSERS.has(byte)) depth -= 1;
  }
  return false;
}
