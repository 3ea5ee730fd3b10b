import { SluiceError } from '../base/index.js';

/** Waits, or rejects with INTERRUPTED as soon as the signal fires. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new SluiceError('INTERRUPTED'));
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(new SluiceError('INTERRUPTED'));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
