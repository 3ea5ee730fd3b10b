import { MOST_UNATTRIBUTED_SPANS } from './limits.js';
import type { Attribution } from './port.js';

export interface Span {
  readonly startByte: number;
  readonly endByte: number;
}

/** Which bytes some reader knows the meaning of. `attributedBytes` + all that is unattributed = `sizeBytes`. */
export interface Coverage {
  readonly sizeBytes: number;
  readonly attributedBytes: number;
  /** In order, the first hundred. */
  readonly unattributed: readonly Span[];
}

/** Every byte counted once, whoever and however many claim it. @throws RangeError for an attribution outside of the file: the reader is wrong, not the bytes. */
export function coverageOf(sizeBytes: number, attributions: readonly Attribution[]): Coverage {
  for (const { startByte, endByte, what } of attributions)
    if (!Number.isSafeInteger(startByte) || !(startByte >= 0 && startByte <= endByte && endByte <= sizeBytes))
      throw new RangeError(`${what} at ${startByte} to ${endByte} of ${sizeBytes} bytes`);
  const sorted = [...attributions].sort((one, other) => one.startByte - other.startByte);
  const unattributed: Span[] = [];
  let [at, attributedBytes] = [0, 0];
  const gap = (endByte: number): void => {
    if (endByte > at && unattributed.length < MOST_UNATTRIBUTED_SPANS) unattributed.push({ startByte: at, endByte });
  };
  for (const { startByte, endByte } of sorted) {
    gap(startByte);
    attributedBytes += Math.max(0, endByte - Math.max(at, startByte));
    at = Math.max(at, endByte);
  }
  gap(sizeBytes);
  return { sizeBytes, attributedBytes, unattributed };
}
