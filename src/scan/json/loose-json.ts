import { FormatFault } from '../format-fault.js';
import { MOST_STRICT_JSON_BYTES } from '../limits.js';

/** JSON as Python's loaders take it. Objects keep every entry, so that a name which is there twice is judged twice. */
export type LooseJson = string | number | boolean | null | readonly LooseJson[] | LooseObject;

export interface LooseObject {
  readonly entries: readonly (readonly [name: string, value: LooseJson])[];
}

/** As deep as Python's own reader goes. */
const MOST_DEPTH = 500;
const BLANK = /[\x20\t\n\r]*/y;
const SCALAR = /true|false|null|NaN|-?Infinity|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/**
 * What `json.load` of Python makes of the text: NaN and Infinity are numbers, a mark in front is taken away. Text beyond 1 MiB is read by JavaScript's own reader where that can, and keeps the last of equal names as Python does.
 * @throws FormatFault JSON
 */
export function parseLooseJson(text: string): LooseJson {
  const unmarked = text.startsWith('\ufeff') ? text.slice(1) : text;
  if (unmarked.length > MOST_STRICT_JSON_BYTES) {
    try {
      return fromNative(JSON.parse(unmarked), 0);
    } catch (thrown) {
      if (thrown instanceof FormatFault) throw thrown;
    }
  }
  return new LooseReader(unmarked).document();
}

export function isLooseObject(value: LooseJson | undefined): value is LooseObject {
  return typeof value === 'object' && value !== null && 'entries' in value && !Array.isArray(value);
}

export function isLooseList(value: LooseJson | undefined): value is readonly LooseJson[] {
  return Array.isArray(value);
}

/** The last of that name, as Python keeps it. */
export function lastOf(object: LooseObject, name: string): LooseJson | undefined {
  return object.entries.findLast(([other]) => other === name)?.[1];
}

function fromNative(value: unknown, depth: number): LooseJson {
  if (typeof value !== 'object' || value === null) return value as LooseJson;
  if (depth > MOST_DEPTH) throw tooDeep();
  if (Array.isArray(value)) return value.map((item) => fromNative(item, depth + 1));
  return { entries: Object.entries(value).map(([name, inner]) => [name, fromNative(inner, depth + 1)] as const) };
}

function tooDeep(): FormatFault {
  return new FormatFault('JSON', `nested deeper than ${MOST_DEPTH}`);
}

class LooseReader {
  private at = 0;

  constructor(private readonly text: string) {}

  document(): LooseJson {
    const value = this.value(0);
    this.match(BLANK);
    if (this.at < this.text.length) throw this.fault('something after the end');
    return value;
  }

  private value(depth: number): LooseJson {
    if (depth > MOST_DEPTH) throw tooDeep();
    this.match(BLANK);
    const sign = this.text[this.at];
    if (sign === '{') return { entries: this.items('}', () => [this.name(), this.value(depth + 1)] as const) };
    if (sign === '[') return this.items(']', () => this.value(depth + 1));
    if (sign === '"') return this.string();
    const word = this.match(SCALAR);
    if (word === undefined || word === '') throw this.fault('no value');
    if (word === 'null') return null;
    if (word === 'true' || word === 'false') return word === 'true';
    return Number(word);
  }

  private items<T>(end: string, item: () => T): T[] {
    const items: T[] = [];
    this.at += 1;
    if (this.take(end)) return items;
    do items.push(item());
    while (this.take(','));
    if (!this.take(end)) throw this.fault(`no ${end}`);
    return items;
  }

  private name(): string {
    this.match(BLANK);
    const name = this.string();
    if (!this.take(':')) throw this.fault('a name without a value');
    return name;
  }

  private string(): string {
    if (this.text[this.at] !== '"') throw this.fault('no string');
    let end = this.at + 1;
    while (end < this.text.length && this.text[end] !== '"') end += this.text[end] === '\\' ? 2 : 1;
    const literal = this.text.slice(this.at, end + 1);
    this.at = end + 1;
    try {
      return JSON.parse(literal) as string;
    } catch {
      throw this.fault('a broken string');
    }
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }

  private take(sign: string): boolean {
    this.match(BLANK);
    if (this.text[this.at] !== sign) return false;
    this.at += 1;
    return true;
  }

  private fault(reason: string): FormatFault {
    return new FormatFault('JSON', `${reason}, at character ${this.at}`);
  }
}
