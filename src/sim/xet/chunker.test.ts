import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededContent } from '../seeded-content.js';
import { cutBlock, GEAR_START } from './chunker.js';
import { splitMix } from './testing/split-mix.js';
import { SPLITMIX_CHUNKS, TRIGGER, TRIGGER_CUTS } from './testing/vectors.js';

/** Lengths of all chunks of a file that comes in blocks. */
function lengthsOf(blocks: readonly Uint8Array[]): number[] {
  const lengths: number[] = [];
  let state = GEAR_START;
  for (const block of blocks) {
    const cuts = cutBlock(block, state);
    lengths.push(...cuts.lengths);
    state = cuts.state;
  }
  return state.chunkBytes > 0 ? [...lengths, state.chunkBytes] : lengths;
}

const ends = (lengths: readonly number[]): number[] => {
  let end = 0;
  return lengths.map((length) => (end += length));
};

test('cuts known content where the reference does', () => {
  expect(lengthsOf([splitMix(1_000_000)])).toEqual(SPLITMIX_CHUNKS.map(([, sizeBytes]) => sizeBytes));
  expect(ends(lengthsOf([Buffer.alloc(1_000_000, 59)]))).toEqual([
    131072, 262144, 393216, 524288, 655360, 786432, 917504, 1000000,
  ]);
  expect(lengthsOf([])).toEqual([]);
});

test('never cuts before the minimum, whatever the hash says on the way there', () => {
  for (const [padding, expected] of Object.entries(TRIGGER_CUTS)) {
    const unit = Buffer.concat([Buffer.from(TRIGGER, 'hex'), Buffer.alloc(Number(padding))]);
    const file = Buffer.alloc(65_536);
    for (let at = 0; at < file.length; at += unit.length) unit.copy(file, at);
    expect(ends(lengthsOf([file])), `padding ${padding}`).toEqual(expected);
  }
});

test('cuts the same however the file comes', () => {
  const file = seededContent({ seed: 'blocks', sizeBytes: 900_000 }).read(0, 900_000);
  const whole = lengthsOf([file]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 40 }), (sizes) => {
      const blocks: Buffer[] = [];
      let at = 0;
      for (let index = 0; at < file.length; index += 1) {
        const next = at + (sizes[index % sizes.length] ?? 1);
        blocks.push(file.subarray(at, next));
        at = next;
      }
      expect(lengthsOf(blocks)).toEqual(whole);
    }),
    { numRuns: 30 },
  );
  expect(lengthsOf(Array.from(file.subarray(0, 200_000), (_, index) => file.subarray(index, index + 1)))).toEqual(
    lengthsOf([file.subarray(0, 200_000)]),
  );
});
