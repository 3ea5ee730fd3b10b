import { createHash, type Hash } from 'node:crypto';

/** Bytes that can be read anywhere, made on demand: a file of many gigabytes costs no memory. */
export interface Content {
  readonly sizeBytes: number;
  /** A buffer of exactly `lengthBytes` that the caller must not write to. The range lies within the content. */
  read(offsetBytes: number, lengthBytes: number): Buffer;
}

export type ContentLike = string | Uint8Array | Content;

const BLOCK_BYTES = 4 * 1024 * 1024;

export function toContent(value: ContentLike): Content {
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) return value;
  const bytes = Buffer.from(value);
  return {
    sizeBytes: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
  };
}

/** The parts one after the other. */
export function joinContent(parts: readonly ContentLike[]): Content {
  let end = 0;
  const placed = parts.map((part) => {
    const content = toContent(part);
    const start = end;
    end += content.sizeBytes;
    return { content, start, end };
  });
  return {
    sizeBytes: end,
    read: (offset, length) => {
      const pieces: Buffer[] = [];
      for (const part of placed) {
        const from = Math.max(offset, part.start);
        const to = Math.min(offset + length, part.end);
        if (from < to) pieces.push(part.content.read(from - part.start, to - from));
      }
      return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces, length);
    },
  };
}

/** Everything at once; for small content. */
export function wholeContent(content: Content): Buffer {
  return content.read(0, content.sizeBytes);
}

const sha256Cache = new WeakMap<Content, string>();
const gitOidCache = new WeakMap<Content, string>();

/** SHA-256 of the content, hex; computed once. */
export function sha256Of(content: Content): string {
  return cached(sha256Cache, content, () => digest(createHash('sha256'), content));
}

/** The id that git gives a blob of this content, hex; computed once. */
export function gitOidOf(content: Content): string {
  return cached(gitOidCache, content, () => digest(createHash('sha1').update(`blob ${content.sizeBytes}\0`), content));
}

function digest(hash: Hash, content: Content): string {
  for (let offset = 0; offset < content.sizeBytes; offset += BLOCK_BYTES) {
    hash.update(content.read(offset, Math.min(BLOCK_BYTES, content.sizeBytes - offset)));
  }
  return hash.digest('hex');
}

function cached(cache: WeakMap<Content, string>, content: Content, make: () => string): string {
  const known = cache.get(content);
  if (known !== undefined) return known;
  const made = make();
  cache.set(content, made);
  return made;
}
