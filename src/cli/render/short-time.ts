import { formatDuration } from '../../base/index.js';

/** Round trips are milliseconds, which a duration for people has not. */
export function shortTime(ms: number): string {
  return ms < 999.5 ? `${ms < 9.95 ? ms.toFixed(1) : Math.round(ms)} ms` : formatDuration(ms);
}
