import type { Lang } from '../../base/index.js';
import { say } from '../texts/index.js';

/** How long ago, in words; beyond a month the date. */
export function renderAgo(atMs: number, nowMs: number, lang: Lang): string {
  const minutes = Math.floor((nowMs - atMs) / 60_000);
  if (minutes < 1) return say(lang, 'ago.now');
  if (minutes < 60) return say(lang, 'ago.minutes', { count: minutes });
  if (minutes < 48 * 60) return say(lang, 'ago.hours', { count: Math.floor(minutes / 60) });
  if (minutes < 31 * 24 * 60) return say(lang, 'ago.days', { count: Math.floor(minutes / 1440) });
  return localTime(atMs).slice(0, 10);
}

/** `2026-11-21 14:03:07` in the local time zone. */
export function localTime(atMs: number): string {
  const date = new Date(atMs);
  return new Date(atMs - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace('T', ' ');
}
