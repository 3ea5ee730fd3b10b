import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Intervals } from './intervals.js';

const span = fc.tuple(fc.nat(40), fc.nat(40), fc.boolean());

test('knows the same bytes as a set of single bytes', () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 12 }), (steps) => {
      const intervals = new Intervals();
      const bytes = new Set<number>();
      for (const [start, length, adds] of steps) {
        if (adds) intervals.add(start, start + length);
        else intervals.remove(start, start + length);
        for (let byte = start; byte < start + length; byte += 1) {
          if (adds) bytes.add(byte);
          else bytes.delete(byte);
        }
      }
      for (let byte = 0; byte <= 81; byte += 1) {
        let reach = byte;
        while (bytes.has(reach)) reach += 1;
        expect(intervals.reachFrom(byte)).toBe(reach);
      }
    }),
  );
});
