/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Deeper values are nobody's of ours, and would end in the stack. */
const MOST_DEPTH = 64;

/**
 * A value as RFC 8785 (JCS) writes it: no blanks, names in the order of their UTF-16 code units, numbers as ECMAScript prints them. What is signed is bytes, and this
 * is the one way to come to them.
 * @throws TypeError for lone surrogates, numbers that are not finite, and values nested more than 64 deep
 */
export function canonicalJson(value: Json, depth = 0): string {
  if (depth > MOST_DEPTH) throw new TypeError('nested too deep');
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('a number that JSON does not have');
    return JSON.stringify(value);
  }
  if (typeof value === 'boolean' || value === null) return String(value);
  if (isList(value)) return `[${value.map((item) => canonicalJson(item, depth + 1)).join(',')}]`;
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${quote(name)}:${canonicalJson(value[name] ?? null, depth + 1)}`).join(',')}}`;
}

/** The value of a text that is canonical to the byte; undefined for any other: nothing can be said twice, or in two ways. */
export function parseCanonicalJson(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return canonicalJson(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function quote(text: string): string {
  // With the flag u, pairs are one character.
  if (/\p{Surrogate}/u.test(text)) throw new TypeError('a lone surrogate');
  return JSON.stringify(text);
}
