/** Bytes are not the JSON that all readers take alike. */
export class JsonFault extends Error {
  override readonly name = 'JsonFault';
}

/** JSON in which objects are maps: no name in them means anything to JavaScript. */
export type StrictJson = string | number | boolean | null | readonly StrictJson[] | ReadonlyMap<string, StrictJson>;

const MOST_DEPTH = 64;
const BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d]);
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

/**
 * JSON (RFC 8259) that all readers take alike: strict UTF-8 without a mark, no name twice in an object, numbers that are finite, nested no deeper than 64.
 * @throws JsonFault
 */
export function parseStrictJson(bytes: Uint8Array): StrictJson {
  return new StrictReader(decode(bytes)).document();
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new JsonFault('not UTF-8');
  }
}

class StrictReader {
  private at = 0;

  constructor(private readonly text: string) {}

  document(): StrictJson {
    const value = this.value(0);
    this.skipBlanks();
    if (this.at < this.text.length) throw this.fault('something after the end');
    return value;
  }

  private value(depth: number): StrictJson {
    if (depth > MOST_DEPTH) throw this.fault(`nested deeper than ${MOST_DEPTH}`);
    this.skipBlanks();
    const sign = this.text[this.at];
    if (sign === '{') return this.object(depth);
    if (sign === '[') return this.array(depth);
    if (sign === '"') return this.string();
    const word = this.match(WORD);
    if (word !== undefined) return word === 'null' ? null : word === 'true';
    const digits = this.match(NUMBER);
    if (digits === undefined) throw this.fault('no value');
    const number = Number(digits);
    if (!Number.isFinite(number)) throw this.fault('a number beyond all bounds');
    return number;
  }

  private object(depth: number): ReadonlyMap<string, StrictJson> {
    const members = new Map<string, StrictJson>();
    this.at += 1;
    if (this.take('}')) return members;
    do {
      this.skipBlanks();
      const name = this.string();
      if (members.has(name)) throw this.fault('a name that is there twice');
      if (!this.take(':')) throw this.fault('a name without a value');
      members.set(name, this.value(depth + 1));
    } while (this.take(','));
    if (!this.take('}')) throw this.fault('an object without an end');
    return members;
  }

  private array(depth: number): readonly StrictJson[] {
    const items: StrictJson[] = [];
    this.at += 1;
    if (this.take(']')) return items;
    do items.push(this.value(depth + 1));
    while (this.take(','));
    if (!this.take(']')) throw this.fault('an array without an end');
    return items;
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
    this.skipBlanks();
    if (this.text[this.at] !== sign) return false;
    this.at += 1;
    return true;
  }

  private skipBlanks(): void {
    while (BLANKS.has(this.text.charCodeAt(this.at))) this.at += 1;
  }

  private fault(reason: string): JsonFault {
    return new JsonFault(`${reason}, at character ${this.at}`);
  }
}
