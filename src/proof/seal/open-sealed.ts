import type { ReadableBytes } from './bytes.js';
import { chunkCount, openChunk, payloadBytes, sealedSpan } from './chunks.js';
import { brokenSeal } from './errors.js';
import { isSealed, MAGIC, parseHeader, parsePreamble, PREAMBLE_BYTES, type SealHeader } from './header.js';
import { payloadKeys } from './key-schedule.js';
import type { SealKey } from './keys.js';
import { fileKeyOf } from './recipients.js';

/** With fewer, the calls' way to Node's threads and back is waited for. */
const CHUNKS_AHEAD = 3;
const AHEAD_BYTES = 4 * 2 ** 20;

/** The plaintext of a sealed file, every byte of which passed its tag before it is given. */
export interface OpenedSeal extends ReadableBytes {
  readonly header: SealHeader;
  /** Plaintext from the first chunk to the last; a few MiB are held, of chunks of 16 MiB two. @throws SluiceError BROKEN_SEAL */
  chunks(): AsyncIterable<Buffer>;
}

export interface OpenSealOptions {
  readonly keys: readonly SealKey[];
  /** For errors. */
  readonly name: string;
  readonly signal?: AbortSignal;
}

/** Whether a file says that it is sealed; only its magic is looked at. */
export async function saysItIsSealed(bytes: ReadableBytes): Promise<boolean> {
  return bytes.sizeBytes > PREAMBLE_BYTES && isSealed(await bytes.read(0, MAGIC.length));
}

/** The header and where the payload begins; nothing of it is authentic yet. @throws SluiceError BROKEN_SEAL */
export async function readSealHeader(
  bytes: ReadableBytes,
  name: string,
): Promise<{ readonly header: SealHeader; readonly payloadAt: number }> {
  if (bytes.sizeBytes < PREAMBLE_BYTES) throw brokenSeal(name, 'it ends within its header');
  const { payloadAt } = parsePreamble(await bytes.read(0, PREAMBLE_BYTES), name);
  if (bytes.sizeBytes < payloadAt) throw brokenSeal(name, 'it ends within its header');
  const header = parseHeader(await bytes.read(0, payloadAt), name);
  if (bytes.sizeBytes !== payloadAt + payloadBytes(header))
    throw brokenSeal(name, 'it is longer or shorter than it was');
  return { header, payloadAt };
}

/**
 * Opens a sealed file for reading at any place: keys and the whole header are checked now, each chunk when it is read. Holds one chunk.
 * @throws SluiceError WRONG_KEY, BROKEN_SEAL
 */
export async function openSealed(bytes: ReadableBytes, { keys, name, signal }: OpenSealOptions): Promise<OpenedSeal> {
  const { header, payloadAt } = await readSealHeader(bytes, name);
  const payload = payloadKeys(await fileKeyOf(header, keys, name, signal), header);
  let last: { readonly index: number; readonly plain: Buffer } | undefined;
  const sealedAt = (index: number): Promise<Buffer> => {
    const { startByte, endByte } = sealedSpan(header, index);
    return bytes.read(payloadAt + startByte, endByte - startByte);
  };
  const opened = (index: number, sealed: Buffer): Buffer => {
    const plain = openChunk(header, payload, index, sealed);
    if (plain !== undefined) return plain;
    throw brokenSeal(name, `chunk ${index} of ${chunkCount(header)} is not what was sealed there`);
  };
  const chunkAt = async (index: number): Promise<Buffer> => {
    if (last?.index === index) return last.plain;
    const plain = opened(index, await sealedAt(index));
    last = { index, plain };
    return plain;
  };
  return {
    header,
    sizeBytes: header.size,
    read: async (offset, length) => {
      if (offset < 0 || length < 0 || offset + length > header.size) throw new RangeError(`not within ${name}`);
      const parts: Buffer[] = [];
      for (let at = offset; at < offset + length;) {
        const index = Math.floor(at / header.chunk);
        const from = at - index * header.chunk;
        const part = (await chunkAt(index)).subarray(from, from + offset + length - at);
        parts.push(part);
        at += part.length;
      }
      // A copy: nobody writes into the chunk that is kept.
      return Buffer.concat(parts);
    },
    chunks: async function* () {
      const count = chunkCount(header);
      // The next ones are read while this one is used; of large chunks there are fewer.
      const ahead = header.chunk > AHEAD_BYTES ? 1 : CHUNKS_AHEAD;
      const reads: Promise<Buffer>[] = [];
      let begun = 0;
      try {
        for (let index = 0; index < count; index += 1) {
          signal?.throwIfAborted();
          for (; begun < count && begun <= index + ahead; begun += 1) {
            const read = sealedAt(begun);
            read.catch(() => undefined);
            reads.push(read);
          }
          yield opened(index, await (reads.shift() ?? sealedAt(index)));
        }
      } finally {
        // What is read from is closed after this.
        await Promise.allSettled(reads);
      }
    },
  };
}
