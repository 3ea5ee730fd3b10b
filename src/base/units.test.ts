import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, parseBytes, parseRate } from './units.js';

describe('units', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [41_300_000_000, '41.3 GB'],
    [999_600, '1.00 MB'],
    [123_456_789, '123 MB'],
  ])('shows %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [400, '0.4 s'],
    [42_000, '42 s'],
    [187_000, '3m 07s'],
    [7_500_000, '2h 05m'],
    [3 * 86_400_000 + 4 * 3_600_000, '3d 04h'],
  ])('shows %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it.each([
    ['1500', 1500],
    ['20MB', 20_000_000],
    ['20 mb', 20_000_000],
    ['4GiB', 4 * 1024 ** 3],
    ['1.5k', 1500],
    ['-1', undefined],
    ['4X', undefined],
    ['', undefined],
    ['99999999T', undefined],
  ])('reads the size %s', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each([
    ['5MB/s', 5_000_000],
    ['5MB', 5_000_000],
    ['40Mbit/s', 5_000_000],
    ['40Mbps', 5_000_000],
    ['fast', undefined],
  ])('reads the rate %s', (text, rate) => {
    expect(parseRate(text)).toBe(rate);
  });
});
