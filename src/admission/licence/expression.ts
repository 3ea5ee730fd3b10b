/** An SPDX licence expression (SPDX 2.3, annex D). */
export type Expression =
  | { readonly kind: 'licence'; readonly id: string }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression };

const MOST_CHARACTERS = 1000;
const MOST_DEPTH = 30;
const TOKEN = /\s*(?:([()])|([A-Za-z0-9][A-Za-z0-9.+:-]*))/y;

/** Undefined for what is no expression. An exception (`WITH …`) only gives more rights, and is left out; so is `+`, which later versions satisfy. */
export function parseExpression(text: string): Expression | undefined {
  const tokens = text.length > MOST_CHARACTERS ? undefined : tokensOf(text);
  if (tokens === undefined) return undefined;
  const reader = { tokens, at: 0 };
  const expression = either(reader, 0);
  return reader.at === tokens.length ? expression : undefined;
}

interface Reader {
  readonly tokens: readonly string[];
  at: number;
}

function tokensOf(text: string): readonly string[] | undefined {
  const trimmed = text.trim();
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const match = TOKEN.exec(trimmed);
    if (match === null) return undefined;
    tokens.push(match[1] ?? match[2] ?? '');
  }
  return tokens;
}

function either(reader: Reader, depth: number): Expression | undefined {
  return chain(reader, 'or', () => chain(reader, 'and', () => one(reader, depth)));
}

function chain(reader: Reader, word: 'and' | 'or', next: () => Expression | undefined): Expression | undefined {
  let left = next();
  while (left !== undefined && reader.tokens[reader.at]?.toLowerCase() === word) {
    reader.at += 1;
    const right = next();
    left = right === undefined ? undefined : { kind: word, left, right };
  }
  return left;
}

function one(reader: Reader, depth: number): Expression | undefined {
  const token = reader.tokens[reader.at];
  if (token === undefined || token === ')' || isWord(token) || depth > MOST_DEPTH) return undefined;
  reader.at += 1;
  if (token === '(') {
    const inner = either(reader, depth + 1);
    if (reader.tokens[reader.at] !== ')') return undefined;
    reader.at += 1;
    return inner;
  }
  if (reader.tokens[reader.at]?.toLowerCase() === 'with') {
    const exception = reader.tokens[reader.at + 1];
    if (exception === undefined || exception === '(' || exception === ')' || isWord(exception)) return undefined;
    reader.at += 2;
  }
  return { kind: 'licence', id: token.replace(/\+$/, '') };
}

function isWord(token: string): boolean {
  return /^(?:and|or|with)$/i.test(token);
}
