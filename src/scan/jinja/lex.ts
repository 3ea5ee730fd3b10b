/** A template breaks Jinja's grammar, or is beyond what is read of it. */
export class TemplateFault extends Error {
  override readonly name = 'TemplateFault';
}

export type Token =
  | { readonly kind: 'data'; readonly text: string }
  | { readonly kind: 'open' | 'close'; readonly text: 'print' | 'block' }
  | { readonly kind: 'name' | 'string' | 'number' | 'sign'; readonly text: string };

const NAME = /[\p{L}_][\p{L}\p{N}\p{M}_]*/uy;
const NUMBER = /(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)/y;
const SIGN = /\*\*|\/\/|==|!=|>=|<=|[-+*/%~[\](){}=<>.:|,;]/y;
const STRING = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/sy;
const RAW_END = /\{%[-+]?\s*endraw\s*[-+]?%\}/g;
const RAW_START = /\{%[-+]?\s*raw\s*[-+]?%\}/y;

/** Jinja's lexer with its usual delimiters. @throws TemplateFault */
export function lexTemplate(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const open = nextOpen(text, at);
    if (open > at) tokens.push({ kind: 'data', text: text.slice(at, open) });
    if (open === text.length) break;
    if (text[open + 1] === '#') {
      const end = text.indexOf('#}', open + 2);
      if (end < 0) throw new TemplateFault('a comment without an end');
      at = end + 2;
      continue;
    }
    RAW_START.lastIndex = open;
    const raw = RAW_START.exec(text);
    if (raw !== null) {
      RAW_END.lastIndex = open + raw[0].length;
      const end = RAW_END.exec(text);
      if (end === null) throw new TemplateFault('raw text without an end');
      tokens.push({ kind: 'data', text: text.slice(open + raw[0].length, end.index) });
      at = RAW_END.lastIndex;
      continue;
    }
    at = lexInside(text, open, tokens);
  }
  return tokens;
}

function nextOpen(text: string, from: number): number {
  for (let at = text.indexOf('{', from); at >= 0; at = text.indexOf('{', at + 1))
    if (text[at + 1] === '{' || text[at + 1] === '%' || text[at + 1] === '#') return at;
  return text.length;
}

/** From `{{` or `{%` to its end; where that is. */
function lexInside(text: string, open: number, tokens: Token[]): number {
  const part = text[open + 1] === '{' ? 'print' : 'block';
  tokens.push({ kind: 'open', text: part });
  let at = open + 2;
  if (text[at] === '-' || text[at] === '+') at += 1;
  let depth = 0;
  for (;;) {
    while (/\s/.test(text[at] ?? '')) at += 1;
    if (at >= text.length) throw new TemplateFault('an expression without an end');
    const end = part === 'print' ? '}}' : '%}';
    const isTrimmed = (text[at] === '-' || text[at] === '+') && text.startsWith(end, at + 1);
    if (depth === 0 && (isTrimmed || text.startsWith(end, at))) {
      tokens.push({ kind: 'close', text: part });
      return at + (isTrimmed ? 3 : 2);
    }
    const token = tokenAt(text, at);
    if (token === undefined) throw new TemplateFault(`${JSON.stringify(text[at])} is no sign of Jinja`);
    const [kind, found] = token;
    if (kind === 'sign' && '([{'.includes(found)) depth += 1;
    if (kind === 'sign' && ')]}'.includes(found)) depth -= 1;
    if (depth < 0) throw new TemplateFault('a bracket that was not opened');
    tokens.push({ kind, text: kind === 'string' ? unescape(found) : found });
    at += found.length;
  }
}

function tokenAt(text: string, at: number): readonly ['name' | 'string' | 'number' | 'sign', string] | undefined {
  const kinds = [
    ['name', NAME],
    ['string', STRING],
    ['number', NUMBER],
    ['sign', SIGN],
  ] as const;
  for (const [kind, pattern] of kinds) {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined && found !== '') return [kind, found];
  }
  return undefined;
}

const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|N\{[^}]*\}|([\s\S]))/g;
const LETTERS: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\n': '' };

/** What Python's unicode-escape makes of a literal. */
function unescape(literal: string): string {
  return literal.slice(1, -1).replaceAll(ESCAPE, (...found: (string | undefined)[]) => {
    const [all = '', x, u, long, octal, letter] = found;
    const code = x ?? u ?? long;
    if (code !== undefined) return String.fromCodePoint(Math.min(parseInt(code, 16), 0x10ffff));
    if (octal !== undefined) return String.fromCodePoint(parseInt(octal, 8));
    // A sign by its name may be any, the underscore too.
    if (letter === undefined) return '__';
    return LETTERS[letter] ?? (letter === '\\' || letter === "'" || letter === '"' ? letter : all);
  });
}
