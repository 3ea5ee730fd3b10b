import { SluiceError } from '../../base/index.js';

/** Something of a sealed file is not as it was made: damaged, cut, or changed. */
export function brokenSeal(path: string, reason: string): SluiceError {
  return new SluiceError('BROKEN_SEAL', { path, reason });
}

/** None of the keys at hand opens it. */
export function wrongKey(path: string, reason: string): SluiceError {
  return new SluiceError('WRONG_KEY', { path, reason });
}
