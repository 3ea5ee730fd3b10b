import type { Claim } from './divide.js';

const MOST_BYTES_PER_SECOND = 1e15;

/** What another process said of itself; undefined for anything that cannot be true. */
export function claimOf(value: unknown): Claim | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(value));
  const limit = rate(fields.get('limitBytesPerSecond'));
  const demand = rate(fields.get('demandBytesPerSecond'));
  const share = rate(fields.get('shareBytesPerSecond'));
  if (limit === undefined || limit < 1 || demand === undefined || share === undefined) return undefined;
  return { limit, demand: Math.min(demand, limit), share: Math.min(share, limit) };
}

function rate(value: unknown): number | undefined {
  const isRate = typeof value === 'number' && value >= 0 && value <= MOST_BYTES_PER_SECOND;
  return isRate ? value : undefined;
}
