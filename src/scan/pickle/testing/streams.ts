import type { ByteSource } from '../../port.js';

/** Bytes at hand as a source. `windowBytes`: refuses to give more at once, so that windows are small where it matters that they are. */
export function sourceOf(bytes: Buffer): ByteSource {
  return {
    sizeBytes: bytes.length,
    read: async (offset, length) => {
      if (offset < 0 || length < 0 || offset + length > bytes.length)
        throw new RangeError(`${length} bytes at ${offset}`);
      return bytes.subarray(offset, offset + length);
    },
  };
}

/** A stream by its parts: text as latin1, numbers as single bytes. */
export function stream(...parts: readonly (string | number | Buffer)[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'number') return Buffer.from([part]);
      return typeof part === 'string' ? Buffer.from(part, 'latin1') : part;
    }),
  );
}

/** SHORT_BINUNICODE. */
export function shortText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return stream(0x8c, bytes.length, bytes);
}
