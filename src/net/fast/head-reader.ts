import { MAX_HEADER_BYTES } from '../limits.js';

/** A header block as it came: names in lower case, in order, nothing joined. */
export interface RawHead {
  readonly status: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Of the block, its empty line included. */
  readonly byteLength: number;
}

const LF = 0x0a;
const CR = 0x0d;
const START = 'HTTP/1.1 ';
/** RFC 9112 §4, with the reason phrase of §4 (visible characters, spaces, tabs, bytes above 127). */
const STATUS_LINE = /^HTTP\/1\.1 (\d{3})(?: [\t\x20-\x7e\x80-\xff]*)?$/;
/** RFC 9110 §5.1 and §5.5: a token, and a value that neither begins nor ends with blanks. No folding. */
const FIELD_LINE =
  /^([!#$%&'*+\-.^_`|~\dA-Za-z]+):[\t ]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)$/;
/** Where undici's record of headers differs from a list. */
const SPECIAL_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor']);

/**
 * Reads a header block that comes bit by bit, by RFC 9112 without any of its leniencies. Lines are judged as they come:
 * what is odd is known at once, and not when a time limit is over.
 */
export class HeadReader {
  #status: number | undefined;
  readonly #fields: (readonly [string, string])[] = [];
  #lineStart = 0;
  #scannedBytes = 0;

  /** `bytes` is all that came so far, from the first on. */
  read(bytes: Buffer): RawHead | 'more' | 'odd' {
    for (;;) {
      const lineEnd = bytes.indexOf(LF, this.#scannedBytes);
      if (lineEnd < 0 ? bytes.length > MAX_HEADER_BYTES : lineEnd >= MAX_HEADER_BYTES) return 'odd';
      if (lineEnd < 0) {
        this.#scannedBytes = bytes.length;
        return this.#status === undefined && !startsWell(bytes) ? 'odd' : 'more';
      }
      this.#scannedBytes = lineEnd + 1;
      if (lineEnd === this.#lineStart || bytes[lineEnd - 1] !== CR) return 'odd';
      const line = bytes.toString('latin1', this.#lineStart, lineEnd - 1);
      this.#lineStart = lineEnd + 1;
      if (line === '' && this.#status !== undefined)
        return { status: this.#status, fields: this.#fields, byteLength: lineEnd + 1 };
      if (!this.#take(line)) return 'odd';
    }
  }

  #take(line: string): boolean {
    if (this.#status === undefined) {
      const match = STATUS_LINE.exec(line);
      this.#status = Number(match?.[1]);
      return match !== null;
    }
    const match = FIELD_LINE.exec(line);
    const name = match?.[1]?.toLowerCase();
    if (name === undefined || SPECIAL_NAMES.has(name)) return false;
    this.#fields.push([name, match?.[2] ?? '']);
    return true;
  }
}

function startsWell(bytes: Buffer): boolean {
  const text = bytes.toString('latin1', 0, START.length);
  return START.startsWith(text);
}
