import { expect, test } from 'vitest';
import { toContent } from '../content.js';
import { reconstruct, type Reconstruction } from './reconstruct.js';
import type { XetFile, Xorb } from './xorb.js';

/** A xorb of chunks of these lengths, whose records take ten bytes each. */
function xorbOf(hash: string, sizes: readonly number[]): Xorb {
  const chunks = sizes.map((sizeBytes) => ({ hash: Buffer.alloc(32), sizeBytes }));
  return { hash, chunks, ends: sizes.map((_, index) => (index + 1) * 10), content: toContent('') };
}

const one = xorbOf('one', [100, 200, 300, 400]);
const two = xorbOf('two', [50, 60]);
/** Chunks begin at 0, 200, 500 (two), 550 (one again), 950 and end at 1050. */
const file: XetFile = {
  hash: 'file',
  sizeBytes: 1050,
  terms: [
    { xorb: one, start: 1, end: 3 },
    { xorb: two, start: 0, end: 1 },
    { xorb: one, start: 3, end: 4 },
    { xorb: one, start: 0, end: 1 },
  ],
};

/** `offset; terms; ranges of each xorb`, in short. */
function told(found: Reconstruction | undefined): string {
  if (found === undefined) return 'behind the end';
  const terms = found.terms.map(
    ({ xorb, start, end, unpackedBytes }) => `${xorb.hash} ${start}-${end} ${unpackedBytes}`,
  );
  const fetches = found.fetches.map(({ xorb, ranges }) => {
    const list = ranges.map(({ chunks, bytes }) => `${chunks.start}-${chunks.end}@${bytes.start}-${bytes.end}`);
    return `${xorb.hash} ${list.join(',')}`;
  });
  return [found.offset, terms.join(', '), fetches.join(', ')].join('; ');
}

const ask = (start: number, end: number): string => told(reconstruct(file, { start, end }));

test('a range that begins and ends with chunks takes these and no neighbour', () => {
  expect(ask(200, 500)).toBe('0; one 2-3 300; one 2-3@20-29');
  expect(ask(199, 500)).toBe('199; one 1-3 500; one 1-3@10-29');
  expect(ask(200, 501)).toBe('0; one 2-3 300, two 0-1 50; one 2-3@20-29, two 0-1@0-9');
  expect(ask(950, 1050)).toBe('0; one 0-1 100; one 0-1@0-9');
});

test('chunks of a xorb that touch are one range, wherever in the file they are; gaps part them', () => {
  expect(ask(0, 1050)).toBe('0; one 1-3 500, two 0-1 50, one 3-4 400, one 0-1 100; one 0-4@0-39, two 0-1@0-9');
  expect(ask(300, 960)).toBe(
    '100; one 2-3 300, two 0-1 50, one 3-4 400, one 0-1 100; one 0-1@0-9,2-4@20-39, two 0-1@0-9',
  );
});

test('a range may end behind the file but not begin there', () => {
  expect(ask(1049, Infinity)).toBe('99; one 0-1 100; one 0-1@0-9');
  expect(ask(1050, 2000)).toBe('behind the end');
  expect(told(reconstruct({ hash: 'empty', sizeBytes: 0, terms: [] }, { start: 0, end: 0 }))).toBe('0; ; ');
});

test('a chunk that is there twice is fetched once', () => {
  const twice: XetFile = { ...file, terms: [...file.terms.slice(0, 1), ...file.terms.slice(0, 1)], sizeBytes: 1000 };
  expect(told(reconstruct(twice, { start: 0, end: 1000 }))).toBe('0; one 1-3 500, one 1-3 500; one 1-3@10-29');
});
