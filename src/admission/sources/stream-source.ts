import type { ByteSource } from '../../scan/index.js';

/** Gives the bytes of a span in order. */
export type ReadSpan = (
  span: { readonly startByte: number; readonly endByte: number },
  signal: AbortSignal,
) => AsyncIterable<Buffer>;

/** Bytes that come as streams of spans, such as those of a file on its way in. */
export function sourceOfStreams(sizeBytes: number, read: ReadSpan, signal: AbortSignal): ByteSource {
  return {
    sizeBytes,
    read: async (offset, length) => {
      const chunks: Buffer[] = [];
      for await (const chunk of read({ startByte: offset, endByte: offset + length }, signal)) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
  };
}
