import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SPOT_BYTES, SPOT_SHARE } from '../limits.js';
import { judge, yetToAsk, type Compared } from './judge.js';
import { Ledger } from './ledger.js';
import { nextStretch } from './search.js';
import { SpotChecks } from './spot-checks.js';

const RIGHT = 'right';
const SOURCES = ['hub', 'a', 'b', 'c', 'd'];
const everybody = (): boolean => true;
const compared = (owner: string, sha256: string, answers: Readonly<Record<string, string>>): Compared => ({
  owners: owner.split('+'),
  sha256,
  answers: new Map(Object.entries(answers)),
});

describe('judge', () => {
  it.each([
    ['the majority', compared('a', 'x', { b: RIGHT, c: RIGHT }), { wrong: ['a'] }],
    ['the majority against the hub', compared('hub', 'x', { a: RIGHT, b: RIGHT }), { wrong: ['hub'] }],
    ['the hub against one', compared('a', 'x', { hub: RIGHT }), { wrong: ['a'] }],
    ['the hub against one, of its own piece', compared('hub', RIGHT, { a: 'x' }), { wrong: ['a'] }],
    ['the hub among three', compared('a', 'x', { hub: RIGHT, b: 'y' }), { wrong: ['a', 'b'] }],
  ])('believes %s', (_name, piece, { wrong }) => {
    const judgement = judge(piece, 'hub', everybody);
    expect(judgement?.right).toBe(RIGHT);
    expect(judgement?.wrong.map(({ source }) => source)).toEqual(wrong);
    expect(judgement?.wrong.every(({ isSlip }) => !isSlip)).toBe(true);
    expect(judgement?.isStandingWrong).toBe(piece.sha256 !== RIGHT);
  });

  it('takes for a slip what its source gives rightly when asked again', () => {
    const judgement = judge(compared('a', 'x', { a: RIGHT, b: RIGHT }), 'hub', everybody);
    expect(judgement).toMatchObject({ right: RIGHT, isStandingWrong: true });
    expect(judgement?.wrong).toEqual([{ source: 'a', sha256: 'x', isSlip: true }]);
  });

  it('does not know whom to blame for a piece of two, nor whom to believe of two equals', () => {
    expect(judge(compared('a+b', 'x', { hub: RIGHT }), 'hub', everybody)?.wrong).toEqual([]);
    expect(judge(compared('a', 'x', { b: 'y' }), 'hub', everybody)).toBeUndefined();
  });

  it('leaves out who does not count', () => {
    const piece = compared('a', 'x', { b: 'x', c: RIGHT });
    expect(judge(piece, 'hub', (source) => source === 'c')?.right).toBe(RIGHT);
  });
});

/** Liars give one of two wrong values, or the right one; the honest the right one. */
const world = fc.record({
  sources: fc.subarray(SOURCES, { minLength: 2 }),
  liars: fc.subarray(SOURCES),
  lies: fc.array(fc.constantFrom(RIGHT, 'x', 'y'), { minLength: 20, maxLength: 20 }),
  owner: fc.nat(SOURCES.length),
});

describe('a dispute', () => {
  it('ends, asks nobody twice, and convicts no honest source where the honest are more', () => {
    fc.assert(
      fc.property(world, ({ sources, liars, lies, owner }) => {
        let next = 0;
        const says = (source: string): string => (liars.includes(source) ? (lies[next++ % 20] ?? RIGHT) : RIGHT);
        const brought = sources[owner % sources.length] ?? 'hub';
        const answers = new Map<string, string>();
        const piece: Compared = { owners: [brought], sha256: says(brought), answers };
        for (;;) {
          const missing = yetToAsk(piece, 'hub', sources);
          if (missing.length === 0) break;
          for (const source of missing) {
            expect(sources).toContain(source);
            expect(answers.has(source)).toBe(false);
            answers.set(source, says(source));
          }
        }
        const judgement = judge(piece, 'hub', (source) => sources.includes(source));
        const honest = sources.filter((source) => !liars.includes(source));
        const lied = sources.length - honest.length;
        // One liar among those who may be asked never wins against two honest ones, nor against an honest hub.
        if (lied > 1 || (honest.length < 2 && !honest.includes('hub'))) return;
        if (honest.length < 2 && judgement === undefined) return;
        expect(judgement?.right).toBe(RIGHT);
        for (const { source } of judgement?.wrong ?? []) expect(liars).toContain(source);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('Ledger', () => {
  it('keeps what was said of a piece when the piece is replaced', () => {
    const ledger = new Ledger();
    ledger.stands(3, ['a'], 'x');
    ledger.answered(3, 'b', 'y');
    expect([...ledger.contradicted()]).toEqual([{ index: 3, source: 'b', sha256: 'y' }]);
    ledger.dropped(3);
    expect(ledger.of(3)).toBeUndefined();
    ledger.stands(3, ['c'], 'y');
    expect(ledger.of(3)?.answers).toEqual(new Map([['b', 'y'], ['a', 'x']])); // prettier-ignore
    expect(ledger.isConfirmed(3, everybody)).toBe(true);
    expect(ledger.isConfirmed(3, (source) => source !== 'b')).toBe(false);
  });

  it('does not count what a source says of its own piece, unless that is asked', () => {
    const ledger = new Ledger();
    ledger.stands(0, ['a'], 'x');
    ledger.answered(0, 'a', 'x');
    expect(ledger.isConfirmed(0, everybody)).toBe(false);
    expect(ledger.isConfirmed(0, everybody, true)).toBe(true);
  });
});

describe('SpotChecks', () => {
  const MIB = 2 ** 20;
  it('stay within their share, within a piece, and begin with the beginning of the first of each', () => {
    const landings = fc.array(fc.constantFrom<string>('a', 'b', 'c'), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(landings, fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })), (owners, chance) => {
        const sizeBytes = 400 * MIB;
        const checks = new SpotChecks(sizeBytes, () => chance.next().value as number);
        const seen = new Set<string>();
        let bytes = 0;
        owners.forEach((owner, index) => {
          checks.landed(index, owner, { startByte: index * MIB, endByte: (index + 1) * MIB });
          const spot = checks.next((each) => each !== 'c');
          if (spot === undefined) return;
          bytes += spot.endByte - spot.startByte;
          expect(owners[spot.index]).toBe(spot.owner);
          expect(spot.owner).not.toBe('c');
          expect(spot.startByte).toBeGreaterThanOrEqual(spot.index * MIB);
          expect(spot.endByte).toBe(spot.startByte + SPOT_BYTES);
          expect(spot.endByte).toBeLessThanOrEqual((spot.index + 1) * MIB);
          if (!seen.has(spot.owner)) expect(spot.startByte).toBe(owners.indexOf(spot.owner) * MIB);
          seen.add(spot.owner);
        });
        expect(bytes).toBe(checks.checkedBytes);
        expect(bytes).toBeLessThanOrEqual(sizeBytes * SPOT_SHARE);
        for (const owner of ['a', 'b']) expect(seen.has(owner)).toBe(owners.includes(owner));
      }),
    );
  });
});

describe('nextStretch', () => {
  it('gives pieces that follow one another, from those most in doubt, as many as are wanted', () => {
    const pieces = fc.uniqueArray(fc.record({ index: fc.nat(40), rank: fc.nat(2) }), {
      selector: ({ index }) => index,
    });
    fc.assert(
      fc.property(
        pieces,
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (all, most, chance) => {
          const stretch = nextStretch(all, most, () => chance);
          if (all.length === 0) {
            expect(stretch).toBeUndefined();
            return;
          }
          const rank = Math.max(...all.map((piece) => piece.rank));
          const indexes = new Set(all.filter((piece) => piece.rank === rank).map(({ index }) => index));
          const { first, last } = stretch ?? { first: -1, last: -1 };
          for (let index = first; index <= last; index += 1) expect(indexes.has(index)).toBe(true);
          expect(indexes.has(first - 1)).toBe(false);
          expect(last - first + 1 === most || !indexes.has(last + 1)).toBe(true);
        },
      ),
    );
  });
});
