import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { NoTimetable, parseTimetable } from './parse-timetable.js';
import { DAY_NAMES, formatTimetable, rateAt, type Timetable } from './timetable.js';

const WORK = parseTimetable('08:00-18:00 20MB/s, 18:00-08:00 none');
const MB = 1_000_000;
/** 2026-11-16 is a Monday; the day of the week counts from there. */
const at = (day: number, clock: string): Date => new Date(`2026-11-${16 + day}T${clock}:00`);

const zone = process.env.TZ;
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

describe('a timetable', () => {
  it.each([
    ['20MB/s', 20 * MB],
    ['100 Mbit/s', 12.5 * MB],
    ['none', undefined],
    ['0', undefined],
  ])('may be a single rate: %s', (text, rate) => {
    expect(rateAt(parseTimetable(text), new Date())).toBe(rate);
  });

  it.each([
    ['07:59', undefined],
    ['08:00', 20 * MB],
    ['17:59', 20 * MB],
    ['18:00', undefined],
    ['23:59', undefined],
    ['00:00', undefined],
  ])('takes effect at its minutes: %s', (clock, rate) => {
    expect(rateAt(WORK, at(2, clock))).toBe(rate);
  });

  it('knows days, and its first entry that covers a moment decides', () => {
    const table = parseTimetable('Mon-Fri 08:00-18:00 20MB/s, Sat 1MB/s, 5MB/s');
    expect(rateAt(table, at(4, '12:00'))).toBe(20 * MB);
    expect(rateAt(table, at(4, '18:00'))).toBe(5 * MB);
    expect(rateAt(table, at(5, '12:00'))).toBe(MB);
    expect(rateAt(table, at(6, '12:00'))).toBe(5 * MB);
  });

  it('a span over midnight belongs to the day on which it starts', () => {
    const table = parseTimetable('Fri 22:00-06:00 1MB/s');
    const rates = [at(4, '05:00'), at(4, '22:00'), at(5, '05:59'), at(5, '06:00'), at(5, '22:00')].map((moment) =>
      rateAt(table, moment),
    );
    expect(rates).toEqual([undefined, MB, MB, undefined, undefined]);
    const sunday = parseTimetable('Sun 22:00-06:00 1MB/s, 2MB/s');
    expect([at(0, '05:00'), at(6, '23:00')].map((moment) => rateAt(sunday, moment))).toEqual([MB, MB]);
  });

  it('days may go over the end of the week', () => {
    const table = parseTimetable('Sat-Mon none, 1MB/s');
    expect([0, 1, 4, 5, 6].map((day) => rateAt(table, at(day, '12:00')))).toEqual([
      undefined,
      MB,
      MB,
      undefined,
      undefined,
    ]);
  });

  it('follows the clock on the wall when summer time begins and ends', () => {
    process.env.TZ = 'Europe/Berlin';
    const table = parseTimetable('02:30-03:30 1MB/s');
    // 02:00 becomes 03:00: the second before it is 01:59:59, the next is within the span.
    expect(rateAt(table, new Date('2026-03-29T00:59:59Z'))).toBeUndefined();
    expect(rateAt(table, new Date('2026-03-29T01:00:00Z'))).toBe(MB);
    // 03:00 becomes 02:00: 02:30 comes twice, and both times count.
    expect(rateAt(table, new Date('2026-10-25T00:30:00Z'))).toBe(MB);
    expect(rateAt(table, new Date('2026-10-25T01:00:00Z'))).toBeUndefined();
    expect(rateAt(table, new Date('2026-10-25T01:30:00Z'))).toBe(MB);
  });

  it.each([
    ['', 'write a rate'],
    ['fast', '20MB/s'],
    ['08:00-18:00', 'not understood'],
    ['08:00-18:00 20MB/s,', 'empty entry'],
    ['Moo-Fri 20MB/s', '"Moo" is no day'],
    ['08:60-18:00 20MB/s', '08:60 is no time'],
    ['08:00-24:01 20MB/s', '24:01 is no time'],
    ['24:00-01:00 20MB/s', '00:00 of the next day'],
    ['08:00-08:00 20MB/s', '00:00-24:00'],
    ['8-18 20MB/s', 'not understood'],
    ['20MB/s, none', '"none" never applies'],
    ['Mon-Sun 1MB/s, Tue 08:00-09:00 none', 'never applies'],
    ['Mon-Fri-Sun 1MB/s', 'not understood'],
    ['0.4', 'not understood'],
    ['99999999GB/s', 'not understood'],
    [Array.from({ length: 33 }, () => 'none').join(), 'at most 32'],
  ])('is refused with the reason: %s', (text, reason) => {
    expect(() => parseTimetable(text)).toThrow(NoTimetable);
    expect(() => parseTimetable(text)).toThrow(reason);
  });

  const minute = fc.integer({ min: 0, max: 1439 });
  const day = fc.integer({ min: 0, max: 6 }) as fc.Arbitrary<0>;
  const entry = fc.record(
    {
      days: fc.record({ from: day, to: day }),
      span: fc
        .record({ startMinute: minute, endMinute: fc.integer({ min: 0, max: 1440 }) })
        .filter(({ startMinute, endMinute }) => startMinute !== endMinute),
      bytesPerSecond: fc.option(
        fc.tuple(fc.integer({ min: 1, max: 999 }), fc.integer({ min: 0, max: 12 })).map(([n, e]) => n * 10 ** e),
        { nil: undefined },
      ),
    },
    { requiredKeys: ['bytesPerSecond'] },
  );

  it('is read as it is shown', () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 6 }), (table: Timetable) => {
        const shown = formatTimetable(table);
        try {
          expect(parseTimetable(shown)).toEqual(table);
        } catch (thrown) {
          if (!(thrown instanceof NoTimetable)) throw thrown;
          expect(thrown.message).toContain('never applies');
        }
      }),
    );
  });

  it('agrees with going through the week minute by minute', () => {
    fc.assert(
      fc.property(entry, day, minute, (one, onDay, onMinute) => {
        const covered = new Set<number>();
        const length = DAY_NAMES.length * 1440;
        for (let begin = 0; begin < 7; begin += 1) {
          const { from, to } = one.days ?? { from: 0, to: 6 };
          if ((begin - from + 7) % 7 > (to - from + 7) % 7) continue;
          const { startMinute, endMinute } = one.span ?? { startMinute: 0, endMinute: 1440 };
          const minutes = endMinute > startMinute ? endMinute - startMinute : endMinute + 1440 - startMinute;
          for (let step = 0; step < minutes; step += 1) covered.add((begin * 1440 + startMinute + step) % length);
        }
        const moment = new Date(2026, 10, 16 + onDay, 0, onMinute);
        const isCovered = covered.has(onDay * 1440 + onMinute);
        expect(rateAt([{ ...one, bytesPerSecond: 7 }], moment)).toBe(isCovered ? 7 : undefined);
      }),
    );
  });

  it('never fails in another way, whatever the text is', () => {
    const piece = fc.constantFrom('Mon', '-', ' ', '08:00', '24:00', '20MB/s', ',', 'none', '0', ':', '99', 'x');
    const texts = fc.oneof(
      fc.string(),
      fc.array(piece).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          parseTimetable(text);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(NoTimetable);
        }
      }),
    );
  });
});
