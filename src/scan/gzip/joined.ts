import type { ByteSource } from '../port.js';

/** Several sources, one behind the other. */
export function joined(parts: readonly ByteSource[]): ByteSource {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  return {
    sizeBytes: parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    read: async (offset, length) => {
      const found: Buffer[] = [];
      let at = 0;
      for (const part of parts) {
        const start = Math.max(offset, at);
        const end = Math.min(offset + length, at + part.sizeBytes);
        if (start < end) found.push(await part.read(start - at, end - start));
        at += part.sizeBytes;
      }
      return Buffer.concat(found);
    },
  };
}
