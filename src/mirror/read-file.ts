import { open } from 'node:fs/promises';
import { SluiceError } from '../base/index.js';
import type { Span } from '../hubs/index.js';

const READ_BYTES = 256 * 1024;

/** The bytes of a span of a file. @throws SluiceError when the file is shorter, or the signal fires */
export async function* readFile(
  path: string,
  { startByte, endByte }: Span,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  try {
    for (let at = startByte; at < endByte;) {
      if (signal.aborted) throw new SluiceError('INTERRUPTED');
      const wanted = Math.min(READ_BYTES, endByte - at);
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, at);
      if (bytesRead === 0) throw new SluiceError('FILE_SYSTEM', { path, reason: 'it ended early' });
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
