import { SluiceError } from '../../base/index.js';
import type { Span } from '../../hubs/index.js';
import { isIntact, type KnownPiece } from '../../proof/index.js';
import { pumpFile, type Sink } from './pump.js';

/** Told as soon as it is known: this piece is what it must be, or is not. */
export type Judge = (piece: KnownPiece, isRight: boolean) => void;

/**
 * Like `pumpFile`, but no byte of a piece of `due` goes out before that piece was compared with its digest: the next one is, while the one before is sent. `due`: in order, each touching the span.
 * @throws SluiceError CORRUPT_STORE for a piece that is wrong, and as `pumpFile`
 */
export async function pumpChecked(
  fd: number,
  span: Span,
  due: readonly KnownPiece[],
  judge: Judge,
  sink: Sink,
  signal?: AbortSignal,
): Promise<number> {
  let sentBytes = 0;
  let at = span.startByte;
  const check = (piece: KnownPiece | undefined): Promise<boolean> => {
    const checked = piece === undefined ? Promise.resolve(true) : isIntact(fd, piece);
    // It may fail while nobody waits for it yet.
    checked.catch(() => undefined);
    return checked;
  };
  let checking = check(due[0]);
  try {
    for (const [index, piece] of due.entries()) {
      // What is before it was compared a while ago.
      sentBytes += await pumpFile(fd, { startByte: at, endByte: Math.max(at, piece.startByte) }, sink, signal);
      const isRight = await checking;
      judge(piece, isRight);
      if (!isRight) throw new SluiceError('CORRUPT_STORE', { count: 1, total: 1 });
      checking = check(due[index + 1]);
      at = Math.max(at, piece.startByte);
      const endByte = Math.min(piece.endByte, span.endByte);
      sentBytes += await pumpFile(fd, { startByte: at, endByte }, sink, signal);
      at = endByte;
    }
    return sentBytes + (await pumpFile(fd, { startByte: at, endByte: span.endByte }, sink, signal));
  } finally {
    // The file is closed next.
    await checking.catch(() => undefined);
  }
}
