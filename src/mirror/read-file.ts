import { open } from 'node:fs/promises';
import { SluiceError } from '../base/index.js';
import type { Guard, Span } from '../hubs/index.js';
import { isIntact } from '../proof/index.js';

const READ_BYTES = 256 * 1024;

/** The bytes of a span of a file, looked at as `guard` says. @throws SluiceError when the file is shorter or wrong, or the signal fires */
export async function* readFile(path: string, span: Span, signal: AbortSignal, guard: Guard): AsyncGenerator<Buffer> {
  const { startByte, endByte } = span;
  const due = [...(await guard.due(span))];
  const file = await open(path, 'r');
  try {
    for (let at = startByte; at < endByte;) {
      if (signal.aborted) throw new SluiceError('INTERRUPTED');
      const [next] = due;
      if (next !== undefined && next.startByte <= at) {
        const isRight = await isIntact(file.fd, next);
        await guard.judged(next, isRight);
        if (!isRight) throw new SluiceError('CORRUPT_STORE', { count: 1, total: 1 });
        due.shift();
        continue;
      }
      const wanted = Math.min(READ_BYTES, (next?.startByte ?? endByte) - at);
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, at);
      if (bytesRead === 0) throw new SluiceError('FILE_SYSTEM', { path, reason: 'it ended early' });
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
