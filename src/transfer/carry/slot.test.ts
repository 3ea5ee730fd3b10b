import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Slot } from './slot.js';

describe('Slot', () => {
  it('never lets a piece be begun that was given to somebody else', () => {
    const step = fc.oneof(fc.constant('go' as const), fc.nat(12));
    fc.assert(
      fc.property(fc.nat(10), fc.array(step, { maxLength: 30 }), (last, steps) => {
        const carrier = Slot.create(last, 0);
        const scheduler = new Slot(carrier.shared);
        let [current, end] = [0, last];
        for (const one of steps) {
          if (one === 'go') {
            expect(carrier.goOn()).toBe(current < end);
            if (current < end) current += 1;
          } else {
            expect(scheduler.shrinkTo(one)).toBe(one >= current && one <= end);
            if (one >= current && one <= end) end = one;
          }
          expect([scheduler.current, scheduler.last]).toEqual([current, end]);
        }
      }),
    );
  });

  it('shows what came, and where it stands', () => {
    const slot = Slot.create(3, 2 ** 40);
    slot.came(100);
    slot.came(2 ** 33);
    slot.at(2 ** 41 + 1);
    const other = new Slot(slot.shared);
    expect([other.receivedBytes, other.positionByte]).toEqual([2 ** 33 + 100, 2 ** 41 + 1]);
    expect(other.lastByteMs).toBeGreaterThan(0);
  });
});
