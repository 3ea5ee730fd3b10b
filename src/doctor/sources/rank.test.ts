import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rank } from './rank.js';

const MB = 1_000_000;
type Measured = Parameters<typeof rank>[0][number];
const GOOD = { ref: 'hf:a/b', answerMs: [20, 21, 20, 22, 20], failures: [], bytesPerSecond: 50 * MB, honesty: {} };
const named = (source: string, parts: Partial<Measured> = {}): Measured => ({ ...GOOD, source, ...parts });
const order = (...all: readonly Measured[]): readonly string[] => rank(all).map(({ source }) => source);
const failure = { code: 'RESET', message: 'reset' };

describe('the rank of a source', () => {
  it.each([
    ['slow', { bytesPerSecond: 5 * MB }],
    ['late', { answerMs: [900, 900, 900] }],
    ['uneven', { answerMs: [5, 20, 400, 20, 900] }],
    ['failing', { failures: [failure] }],
    ['without ranges', { honesty: { servesRanges: false } }],
    ['of another commit', { honesty: { pinsCommits: false } }],
    ['at the same host', { honesty: { sendsTo: 'cdn.example', sharesWith: 'hub.example' } }],
  ])('%s comes behind one that is not', (_, parts) => {
    expect(order(named('bad', parts), named('good'))).toEqual(['good', 'bad']);
  });

  it('of wrong bytes, of another file, and of one that never answered is none', () => {
    const ranked = rank([
      named('wrong', { honesty: { rightBytes: false } }),
      named('other', { agrees: false }),
      named('silent', { answerMs: [], failures: [failure] }),
      named('slow', { bytesPerSecond: 1 }),
    ]);
    expect(ranked.map(({ source, score }) => [source, score > 0])).toEqual([
      ['slow', true],
      ['wrong', false],
      ['other', false],
      ['silent', false],
    ]);
  });

  it('is a share, and everybody is in the list', () => {
    const measured = fc.record({
      source: fc.string(),
      ref: fc.string(),
      answerMs: fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 6 }),
      failures: fc.array(fc.constant(failure), { maxLength: 6 }),
      bytesPerSecond: fc.double({ min: 0, max: 1e11, noNaN: true }),
      honesty: fc.record({ servesRanges: fc.boolean(), pinsCommits: fc.boolean(), rightBytes: fc.boolean() }),
    });
    fc.assert(
      fc.property(fc.array(measured), (all) => {
        const ranked = rank(all);
        expect(ranked).toHaveLength(all.length);
        for (const { score, stability } of ranked) {
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1);
          expect(stability).toBeGreaterThanOrEqual(0);
          expect(stability).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
