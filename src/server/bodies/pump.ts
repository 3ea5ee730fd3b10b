import { read } from 'node:fs';
import { SluiceError, toSluiceError } from '../../base/index.js';
import type { Span } from '../../hubs/index.js';

/** Where bytes go: a socket, or an answer. `done` is called when the buffer may be used again. */
export interface Sink {
  write(bytes: Buffer, done: (error?: Error | null) => void): unknown;
}

/** What is read and written at once. Half of it costs a fifth more time, twice as much gains nothing. */
const BLOCK_BYTES = 512 * 1024;
/** Blocks kept for the next one who needs some. */
const MOST_SPARE = 32;
const spare: Buffer[] = [];

/**
 * Sends bytes of an open file: one block is read while the one before is written, so a stream holds two blocks at most. Gives the bytes sent
 * when all are. `signal` ends it.
 * @throws SluiceError FILE_SYSTEM when the file ends early, RESET when the other side is gone, INTERRUPTED
 */
export function pumpFile(fd: number, span: Span, sink: Sink, signal?: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    let readAt = span.startByte;
    let sentTo = span.startByte;
    let next: Buffer | undefined;
    let isReading = false;
    let isWriting = false;
    let failure: SluiceError | undefined;

    const go = (): void => {
      if (signal?.aborted) failure ??= new SluiceError('INTERRUPTED');
      if (failure !== undefined) {
        // The file may be closed once it is read no more. A write may never be answered: Node drops those to a connection that is just being closed.
        const why = failure;
        if (!isReading) end(() => reject(why));
        return;
      }
      if (!isWriting && next !== undefined) writeNext(next);
      if (!isReading && next === undefined && readAt < span.endByte) readNext();
      if (!isReading && !isWriting && next === undefined) end(() => resolve(sentTo - span.startByte));
    };

    const end = (settle: () => void): void => {
      signal?.removeEventListener('abort', go);
      settle();
    };

    const readNext = (): void => {
      const block = spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
      isReading = true;
      read(fd, block, 0, Math.min(BLOCK_BYTES, span.endByte - readAt), readAt, (error, bytes) => {
        isReading = false;
        if (error !== null) failure = toSluiceError(error);
        else if (bytes === 0)
          failure = new SluiceError('FILE_SYSTEM', { path: 'a file of the store', reason: 'it ended early' });
        readAt += bytes;
        next = block.subarray(0, bytes);
        go();
      });
    };

    const writeNext = (bytes: Buffer): void => {
      isWriting = true;
      next = undefined;
      sink.write(bytes, (error) => {
        isWriting = false;
        if (error === null || error === undefined) {
          sentTo += bytes.length;
          if (spare.length < MOST_SPARE) spare.push(Buffer.from(bytes.buffer, bytes.byteOffset, BLOCK_BYTES));
        } else failure ??= new SluiceError('RESET', { host: 'the client' }, { cause: error });
        go();
      });
    };

    signal?.addEventListener('abort', go, { once: true });
    go();
  });
}
