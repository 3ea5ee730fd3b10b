import { FormatFault } from '../format-fault.js';

/** A Python literal, as far as headers of NumPy have them. */
export type Literal =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'truth'; readonly value: boolean }
  | { readonly kind: 'list' | 'tuple'; readonly items: readonly Literal[] }
  | { readonly kind: 'dict'; readonly entries: ReadonlyMap<string, Literal> };

const MOST_DEPTH = 32;
/** Python 2 wrote an L behind long numbers, which NumPy takes away. */
const NUMBER = /(?:0|[1-9]\d{0,18})L?(?![\w.])/y;
const WORD = /True|False/y;
/** Text without an escape: what has one, readers of other languages read differently. */
const TEXT = /'([^'"\\\n]*)'|"([^'"\\\n]*)"/y;

/** @throws FormatFault NPY-HEADER */
export function parseLiteral(text: string): Literal {
  return new LiteralReader(text).document();
}

class LiteralReader {
  private at = 0;

  constructor(private readonly text: string) {}

  document(): Literal {
    const value = this.value(0);
    this.skipBlanks();
    if (this.at < this.text.length) throw this.fault('something behind it');
    return value;
  }

  private value(depth: number): Literal {
    if (depth > MOST_DEPTH) throw this.fault('nested too deep');
    this.skipBlanks();
    const sign = this.text[this.at];
    if (sign === '{') return { kind: 'dict', entries: this.entries(depth) };
    if (sign === '[') return { kind: 'list', items: this.items(depth, ']').items };
    if (sign === '(') return this.tuple(depth);
    const text = this.match(TEXT);
    if (text !== undefined) return { kind: 'text', value: text[1] ?? text[2] ?? '' };
    const word = this.match(WORD)?.[0];
    if (word !== undefined) return { kind: 'truth', value: word === 'True' };
    const digits = this.match(NUMBER)?.[0];
    const value = digits === undefined ? NaN : Number(digits.replace('L', ''));
    if (!Number.isSafeInteger(value)) throw this.fault('no value');
    return { kind: 'number', value };
  }

  private tuple(depth: number): Literal {
    const { items, isTrailed } = this.items(depth, ')');
    const [only] = items;
    // Brackets alone make no tuple of one.
    return only !== undefined && items.length === 1 && !isTrailed ? only : { kind: 'tuple', items };
  }

  private items(depth: number, end: string): { readonly items: Literal[]; readonly isTrailed: boolean } {
    const items: Literal[] = [];
    this.at += 1;
    let isTrailed = false;
    while (!this.take(end)) {
      if (items.length > 0 && !isTrailed) throw this.fault('two values without a comma');
      items.push(this.value(depth + 1));
      isTrailed = this.take(',');
    }
    return { items, isTrailed };
  }

  private entries(depth: number): ReadonlyMap<string, Literal> {
    const entries = new Map<string, Literal>();
    this.at += 1;
    let isTrailed = true;
    while (!this.take('}')) {
      if (!isTrailed) throw this.fault('two entries without a comma');
      const key = this.value(depth + 1);
      if (key.kind !== 'text' || entries.has(key.value)) throw this.fault('a key that is no text, or is there twice');
      if (!this.take(':')) throw this.fault('a key without a value');
      entries.set(key.value, this.value(depth + 1));
      isTrailed = this.take(',');
    }
    return entries;
  }

  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text) ?? undefined;
    this.at += found?.[0].length ?? 0;
    return found;
  }

  private take(sign: string): boolean {
    this.skipBlanks();
    if (this.text[this.at] !== sign) return false;
    this.at += 1;
    return true;
  }

  private skipBlanks(): void {
    while (this.text[this.at] === ' ') this.at += 1;
  }

  private fault(reason: string): FormatFault {
    return new FormatFault('NPY-HEADER', `${reason}, at sign ${this.at} of its header`);
  }
}
