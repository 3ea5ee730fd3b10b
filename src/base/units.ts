const KIB = 1024;
const BINARY: Record<string, number> = { '': 1, k: KIB, m: KIB ** 2, g: KIB ** 3, t: KIB ** 4 };
const DECIMAL: Record<string, number> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** Bytes for people, in decimal units as hubs and disks count them: `41.3 GB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit] ?? ''}`;
}

/** A rate for people: `87.0 MB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** A duration for people: `0.4 s`, `42 s`, `3m 07s`, `2h 05m`, `3d 04h`. */
export function formatDuration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h ${two((whole % 3600) / 60)}m`;
  return `${Math.floor(whole / 86_400)}d ${two((whole % 86_400) / 3600)}h`;
}

/**
 * Bytes from `1500`, `20MB` (decimal), `4GiB` or `4g` (binary when the unit is a bare letter with i, decimal otherwise).
 * Returns undefined for anything else.
 */
export function parseBytes(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*$/i.exec(text);
  if (match === null) return undefined;
  const [, number = '', prefix = '', binary = ''] = match;
  const factor = (binary === '' ? DECIMAL : BINARY)[prefix.toLowerCase()];
  const bytes = Number(number) * (factor ?? 1);
  return Number.isSafeInteger(Math.round(bytes)) ? Math.round(bytes) : undefined;
}

/** A rate in bytes per second from `5MB/s`, `5MB`, `40Mbit/s` or `40Mbps`. Returns undefined for anything else. */
export function parseRate(text: string): number | undefined {
  const bits = /^\s*(\d+(?:\.\d+)?)\s*([kmg]?)(?:bit\/s|bits\/s|bps|bit)\s*$/i.exec(text);
  if (bits !== null) return Math.round((Number(bits[1]) * (DECIMAL[(bits[2] ?? '').toLowerCase()] ?? 1)) / 8);
  return parseBytes(text.replace(/\/s\s*$/i, ''));
}

const TIME_UNITS_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds from `90s`, `2m`, `1h30m`, `500ms`, or a plain number of seconds. Returns undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const compact = text.trim().toLowerCase().replaceAll(' ', '');
  if (/^\d+(?:\.\d+)?$/.test(compact)) return Math.round(Number(compact) * 1000);
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/.test(compact)) return undefined;
  let ms = 0;
  for (const [, number = '', unit = ''] of compact.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    ms += Number(number) * (TIME_UNITS_MS[unit] ?? 0);
  }
  return Number.isSafeInteger(Math.round(ms)) ? Math.round(ms) : undefined;
}
