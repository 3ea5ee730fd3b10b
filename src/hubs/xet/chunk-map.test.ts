import { describe, expect, it } from 'vitest';

import { ChunkMap } from './chunk-map.js';
import { HeldChunks } from './held-chunks.js';
import type { ChunkSpan } from './port.js';

const XORB = 'ab'.repeat(32);

function span(position: number, lengths: readonly number[], firstChunk = 0): ChunkSpan {
  const hashes = Uint8Array.from({ length: lengths.length * 32 }, (_, at) => firstChunk + Math.floor(at / 32));
  return { xorb: XORB, firstChunk, position, hashes, lengths: Uint32Array.from(lengths) };
}

describe('the chunks of a file', () => {
  const isComplete = (sizeBytes: number, ...spans: readonly ChunkSpan[]): boolean => {
    const map = new ChunkMap(sizeBytes);
    for (const one of spans) map.add(one);
    return map.isComplete;
  };

  it('are complete when they follow one another to the end, in whatever order they came', () => {
    expect(isComplete(0)).toBe(true);
    expect(isComplete(60, span(30, [30]), span(0, [10, 20]))).toBe(true);
    expect(isComplete(60, span(0, [10, 20, 30]), span(30, [30]), span(10, [20, 30]))).toBe(true);
  });

  it.each([
    ['one is missing', [span(0, [10]), span(30, [30])]],
    ['the first is missing', [span(10, [20, 30])]],
    ['the last is missing', [span(0, [10, 20])]],
    ['they go on', [span(0, [10, 20, 30, 1])]],
    ['one lies across another', [span(0, [10, 20]), span(20, [20, 20])]],
  ])('are not when %s', (_, spans) => {
    expect(isComplete(60, ...spans)).toBe(false);
  });
});

describe('chunks that are here', () => {
  const held = new HeldChunks();
  held.add('blob', [span(1000, [10, 20, 30], 4)], true);
  const term = (start: number, end: number, rawBytes: number): Parameters<typeof held.locate>[0][number] => ({
    xorb: XORB,
    chunks: { start, end },
    rawBytes,
  });
  const located = (...terms: Parameters<typeof term>): unknown =>
    held
      .locate([term(...terms)], 100)
      .map(({ position, lengthBytes, blobPosition, chunks }) => [
        position,
        lengthBytes,
        blobPosition,
        chunks.firstChunk,
        chunks.position,
      ]);

  it('are placed from the beginning of a term, and up to its end', () => {
    expect(located(4, 7, 60)).toEqual([[100, 60, 1000, 4, 100]]);
    expect(located(5, 9, 500)).toEqual([[100, 50, 1010, 5, 100]]);
    expect(located(2, 6, 500)).toEqual([[570, 30, 1000, 4, 570]]);
    expect(located(2, 9, 500)).toEqual([]);
    expect(located(7, 9, 500)).toEqual([]);
  });

  it('are not believed when their lengths contradict the term', () => {
    expect(located(4, 7, 61)).toEqual([]);
    expect(located(4, 7, 59)).toEqual([]);
    expect(located(4, 8, 59)).toEqual([]);
    expect(located(3, 7, 59)).toEqual([]);
  });

  it('have the hashes that they were landed with', () => {
    expect(held.expected(XORB, 5)).toEqual(new Uint8Array(32).fill(5));
    expect(held.expected(XORB, 7)).toBeUndefined();
    expect(held.expected('cd'.repeat(32), 5)).toBeUndefined();
    const unproven = new HeldChunks();
    unproven.add('blob', [span(1000, [10, 20, 30], 4)], false);
    expect(unproven.expected(XORB, 5)).toBeUndefined();
  });
});
