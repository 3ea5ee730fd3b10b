import { SluiceError } from '../base/index.js';

/** Clients give up after ten seconds: they are better served with an error that lets them come again, or soon with what is known. */
export const PATIENCE_MS = 9000;
const PATIENCE_WITH_KNOWN_MS = 3000;

/** An answer, as long as somebody waits for it: `work` itself goes on for the others, and for the next. @throws SluiceError STALLED, INTERRUPTED, and those of `work` */
export async function inTime<T>(work: Promise<T>, hasFallback: boolean, signal: AbortSignal): Promise<T> {
  const ms = hasFallback ? PATIENCE_WITH_KNOWN_MS : PATIENCE_MS;
  let over: (() => void) | undefined;
  const limit = new Promise<never>((_, reject) => {
    const late = setTimeout(() => reject(new SluiceError('STALLED', { host: 'the hub', seconds: ms / 1000 })), ms);
    const gone = (): void => reject(new SluiceError('INTERRUPTED'));
    signal.addEventListener('abort', gone, { once: true });
    if (signal.aborted) gone();
    over = () => {
      clearTimeout(late);
      signal.removeEventListener('abort', gone);
    };
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    over?.();
  }
}
