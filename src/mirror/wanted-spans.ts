import type { Span } from '../hubs/index.js';

/** Files up to here are fetched whole, whatever is asked of them. */
const WHOLE_BYTES = 8 * 1024 * 1024;
/** Whoever asks for more than this, up to the end of the file, goes on with one that it has the beginning of. */
const REST_BYTES = 64 * 1024 * 1024;
/** Once more than this share of a file was asked for, all of it is worth having. */
const WORTH_SHARE = 1 / 4;
/** Behind what is asked for as much again is fetched, up to this. */
const READ_AHEAD_BYTES = 8 * 1024 * 1024;

/** Whether a file is to be fetched whole once this was asked of it; `askedBytes` of it in all, without what was asked twice. */
export function isWorthAll(sizeBytes: number, { startByte, endByte }: Span, askedBytes: number): boolean {
  if (sizeBytes <= WHOLE_BYTES || askedBytes > sizeBytes * WORTH_SHARE) return true;
  return endByte >= sizeBytes && endByte - startByte > REST_BYTES;
}

/** What is fetched for somebody who asks for a span: that, and what is likely to be asked for next. */
export function withReadAhead(sizeBytes: number, { startByte, endByte }: Span): Span {
  return { startByte, endByte: Math.min(sizeBytes, endByte + Math.min(endByte - startByte, READ_AHEAD_BYTES)) };
}

/** Where somebody reads. */
export interface Reading {
  /** The next byte that it needs and that is not there. */
  readonly atByte: number;
  /** Up to here it is fetched for. */
  readonly endByte: number;
  readonly isWaiting: boolean;
}

/** Those who wait first, each place once. */
export function spansOf(readings: Iterable<Reading>): Span[] {
  const waiting = new Map<number, number>();
  const others = new Map<number, number>();
  for (const { atByte, endByte, isWaiting } of readings) {
    if (atByte >= endByte) continue;
    const places = isWaiting ? waiting : others;
    places.set(atByte, Math.max(places.get(atByte) ?? 0, endByte));
  }
  return [...waiting, ...others].map(([startByte, endByte]) => ({ startByte, endByte }));
}
