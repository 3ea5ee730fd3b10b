export interface ChunkedBody {
  readonly body: Buffer;
  /** Of the body with its framing. */
  readonly byteLength: number;
  /** It is longer than it may be; this is its beginning. */
  readonly isCut: boolean;
}

const LF = 0x0a;
/** RFC 9112 §7.1, without extensions. */
const SIZE_LINE = /^([\dA-Fa-f]{1,8})\r\n$/;
/** What can still become one. */
const BEGUN_LINE = /^(?:[\dA-Fa-f]{1,8}\r?)?$/;
const MAX_SIZE_LINE_BYTES = 10;

/** Reads a chunked body of at most `mostBytes` with its framing, however it comes, and copies it together. Each chunk is looked at once. */
export class ChunksReader {
  readonly #mostBytes: number;
  /** Where the content of the chunks so far lies. */
  readonly #parts: (readonly [startByte: number, endByte: number])[] = [];
  /** Up to here everything is understood. */
  #at = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /**
   * `bytes` is all that came so far, from the first on. `more` while the end is not there, `odd` when there are extensions or trailers,
   * or it makes no sense.
   */
  read(bytes: Buffer): ChunkedBody | 'more' | 'odd' {
    for (;;) {
      const lineEnd = bytes.indexOf(LF, this.#at) + 1;
      if (lineEnd === 0) {
        const begun = bytes.toString('latin1', this.#at, this.#at + MAX_SIZE_LINE_BYTES);
        return BEGUN_LINE.test(begun) ? this.#unfinished(bytes) : 'odd';
      }
      const match = SIZE_LINE.exec(bytes.toString('latin1', this.#at, lineEnd));
      if (match === null) return 'odd';
      const sizeBytes = parseInt(match[1] ?? '', 16);
      const end = lineEnd + sizeBytes;
      const terminator = bytes.toString('latin1', end, end + 2);
      if (!'\r\n'.startsWith(terminator)) return 'odd';
      if (terminator.length < 2) return this.#unfinished(bytes, [lineEnd, end]);
      this.#parts.push([lineEnd, end]);
      this.#at = end + 2;
      if (sizeBytes === 0) return { body: this.#joined(bytes), byteLength: this.#at, isCut: false };
    }
  }

  #unfinished(bytes: Buffer, begun: readonly [number, number] = [0, 0]): ChunkedBody | 'more' {
    if (bytes.length <= this.#mostBytes) return 'more';
    this.#parts.push(begun);
    return { body: this.#joined(bytes), byteLength: bytes.length, isCut: true };
  }

  #joined(bytes: Buffer): Buffer {
    return Buffer.concat(this.#parts.map(([startByte, endByte]) => bytes.subarray(startByte, endByte)));
  }
}
