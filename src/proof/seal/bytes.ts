import type { FileHandle } from 'node:fs/promises';

/** Random access to the bytes of a file, wherever they are. Offsets and lengths in bytes. */
export interface ReadableBytes {
  readonly sizeBytes: number;
  /** Exactly `length` bytes from `offset`, which lie within `sizeBytes`. Rejects where they cannot be had. */
  read(offset: number, length: number): Promise<Buffer>;
}

/** Those of an open file as long as it is now. */
export async function bytesOf(file: FileHandle): Promise<ReadableBytes> {
  const { size } = await file.stat();
  return { sizeBytes: size, read: (offset, length) => readExactly(file, offset, length) };
}

/** @throws Error when the file ends before */
export async function readExactly(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(buffer, done, length - done, offset + done);
    if (bytesRead === 0) throw new Error(`the file ended at byte ${offset + done}`);
    done += bytesRead;
  }
  return buffer;
}

export async function writeExactly(file: FileHandle, parts: readonly Buffer[], offset: number): Promise<void> {
  let at = offset;
  for (const part of parts)
    for (let done = 0; done < part.length;) {
      const { bytesWritten } = await file.write(part, done, part.length - done, at);
      done += bytesWritten;
      at += bytesWritten;
    }
}
