import type { FileHandle } from 'node:fs/promises';
import type { ByteSource } from './port.js';

/** Bytes that are in memory. */
export function sourceOfBuffer(buffer: Buffer): ByteSource {
  return {
    sizeBytes: buffer.length,
    read: (offset, length) => {
      checkSpan(buffer.length, offset, length);
      return Promise.resolve(buffer.subarray(offset, offset + length));
    },
  };
}

/** An open file of `sizeBytes`, read by positions. It stays the caller's to close. A file that turns out to be shorter rejects. */
export function sourceOfFile(file: FileHandle, sizeBytes: number): ByteSource {
  return {
    sizeBytes,
    read: async (offset, length) => {
      checkSpan(sizeBytes, offset, length);
      const buffer = Buffer.allocUnsafe(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
        if (bytesRead === 0) throw new Error(`the file ended at ${offset + filled} of ${sizeBytes} bytes`);
        filled += bytesRead;
      }
      return buffer;
    },
  };
}

/** [startByte, startByte + sizeBytes) of another source. @throws RangeError outside of it. */
export function sliceOf(bytes: ByteSource, startByte: number, sizeBytes: number): ByteSource {
  checkSpan(bytes.sizeBytes, startByte, sizeBytes);
  return {
    sizeBytes,
    read: (offset, length) => {
      checkSpan(sizeBytes, offset, length);
      return bytes.read(startByte + offset, length);
    },
  };
}

/** @throws RangeError when [offset, offset + length) is not inside `sizeBytes`. */
export function checkSpan(sizeBytes: number, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0)
    throw new RangeError(`${length} bytes at ${offset} are no span`);
  if (offset + length > sizeBytes) throw new RangeError(`${length} bytes at ${offset} of ${sizeBytes}`);
}
