import { errnoOf, toSluiceError } from '../../base/index.js';

/** Runs `work`; what it throws leaves as a SluiceError. */
export async function asSluiceErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw toSluiceError(thrown);
  }
}

/** The value, or undefined when the system said one of `errnos` (by default: there is no such file). */
export async function unless<T>(
  promise: Promise<T>,
  errnos: readonly string[] = ['ENOENT', 'ENOTDIR'],
): Promise<T | undefined> {
  try {
    return await promise;
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno !== undefined && errnos.includes(errno)) return undefined;
    throw thrown;
  }
}
