/** The few kinds of value that ModelScope's own files hold. */
export type PickleValue = string | readonly PickleValue[] | { readonly [key: string]: PickleValue };

/** Python pickle, protocol 0 (ASCII): lists and dicts of strings. Read by every version of pickle. */
export function formatPickle(value: PickleValue): string {
  return `${format(value)}.`;
}

function format(value: PickleValue): string {
  if (typeof value === 'string') return `V${escape(value)}\n`;
  if (Array.isArray(value)) return `(l${(value as readonly PickleValue[]).map((item) => `${format(item)}a`).join('')}`;
  return `(d${Object.entries(value)
    .map(([key, item]) => `${format(key)}${format(item)}s`)
    .join('')}`;
}

/** "raw-unicode-escape": everything beyond ASCII, and what the line format could not hold, as \uXXXX or \UXXXXXXXX. */
function escape(text: string): string {
  return Array.from(text)
    .map((character) => {
      const code = character.codePointAt(0) ?? 0;
      if (code >= 0x20 && code < 0x7f && character !== '\\') return character;
      return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
    })
    .join('');
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
