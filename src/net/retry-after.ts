const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');

/**
 * Milliseconds that a `Retry-After` value asks to wait (RFC 9110 §10.2.3: seconds, or a date in any of the three forms of §5.6.7),
 * never negative; undefined when it is neither.
 */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000;
  // Some servers give fractions.
  if (/^\d{1,9}\.\d{1,6}$/.test(text)) return Math.ceil(Number(text) * 1000);
  const dateMs = parseHttpDate(text);
  return dateMs === undefined ? undefined : Math.max(0, dateMs - nowMs);
}

/** Unix milliseconds of an HTTP date: IMF-fixdate, RFC 850 or asctime. */
export function parseHttpDate(text: string): number | undefined {
  const fixed = /^\w{3}, (\d{2}) (\w{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/.exec(text);
  if (fixed !== null) return toMs(fixed[3], fixed[2], fixed[1], fixed.slice(4));
  const rfc850 = /^\w{6,9}, (\d{2})-(\w{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/.exec(text);
  if (rfc850 !== null) return toMs(String(2000 + Number(rfc850[3])), rfc850[2], rfc850[1], rfc850.slice(4));
  const asctime = /^\w{3} (\w{3}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/.exec(text);
  if (asctime !== null) return toMs(asctime[6], asctime[1], asctime[2], asctime.slice(3, 6));
  return undefined;
}

function toMs(
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
  time: readonly string[],
): number | undefined {
  const monthIndex = MONTHS.indexOf(month?.toLowerCase() ?? '');
  const [hours, minutes, seconds] = time.map(Number);
  if (monthIndex < 0) return undefined;
  const ms = Date.UTC(Number(year), monthIndex, Number(day), hours, minutes, seconds);
  return Number.isFinite(ms) ? ms : undefined;
}
