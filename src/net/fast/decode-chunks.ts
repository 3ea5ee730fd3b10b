import { MAX_REDIRECT_BODY_BYTES } from '../limits.js';

export interface ChunkedBody {
  readonly body: Buffer;
  /** Of the body with its framing. */
  readonly byteLength: number;
  /** It is longer than `MAX_REDIRECT_BODY_BYTES`; this is its beginning. */
  readonly isCut: boolean;
}

const LF = 0x0a;
/** RFC 9112 §7.1, without extensions. */
const SIZE_LINE = /^([\dA-Fa-f]{1,8})\r\n$/;
/** What can still become one. */
const BEGUN_LINE = /^(?:[\dA-Fa-f]{1,8}\r?)?$/;
const MAX_SIZE_LINE_BYTES = 10;

/**
 * A small chunked body, from its first byte on, copied together: `more` while its end is not there, `odd` when it has extensions or
 * trailers, or makes no sense.
 */
export function decodeChunks(bytes: Buffer): ChunkedBody | 'more' | 'odd' {
  const parts: Buffer[] = [];
  const unfinished = (): ChunkedBody | 'more' =>
    bytes.length <= MAX_REDIRECT_BODY_BYTES
      ? 'more'
      : { body: Buffer.concat(parts), byteLength: bytes.length, isCut: true };
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf(LF, at) + 1;
    if (lineEnd === 0)
      return BEGUN_LINE.test(bytes.toString('latin1', at, at + MAX_SIZE_LINE_BYTES)) ? unfinished() : 'odd';
    const match = SIZE_LINE.exec(bytes.toString('latin1', at, lineEnd));
    if (match === null) return 'odd';
    const sizeBytes = parseInt(match[1] ?? '', 16);
    const end = lineEnd + sizeBytes;
    const terminator = bytes.toString('latin1', end, end + 2);
    if (!'\r\n'.startsWith(terminator)) return 'odd';
    parts.push(bytes.subarray(lineEnd, end));
    if (terminator.length < 2) return unfinished();
    at = end + 2;
    if (sizeBytes === 0) return { body: Buffer.concat(parts), byteLength: at, isCut: false };
  }
}
