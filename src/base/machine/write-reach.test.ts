import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WriteReach } from './write-reach.js';

const UNIT = 100;

describe('the reach of a run', () => {
  it('ends where it was given away, for all writers', () => {
    const reach = WriteReach.create(1000, UNIT, 1950);
    expect(reach.take(1250)).toBe(1250);
    expect(reach.shrinkTo(4)).toBe(true);
    const other = new WriteReach(reach.shared);
    expect(other.take(1500)).toBe(1500);
    expect(other.take(1501)).toBe(1500);
    expect(other.take(1950)).toBe(1500);
  });

  it('keeps what a writer has taken', () => {
    const reach = WriteReach.create(0, UNIT, 950);
    reach.take(401);
    expect(reach.shrinkTo(3)).toBe(false);
    expect(reach.take(950)).toBe(950);
    expect(reach.shrinkTo(8)).toBe(false);
    expect(reach.shrinkTo(9)).toBe(true);
  });

  it('never grows, and is not given away twice', () => {
    const reach = WriteReach.create(0, UNIT, 950);
    expect(reach.shrinkTo(5)).toBe(true);
    expect(reach.shrinkTo(7)).toBe(false);
    expect(reach.shrinkTo(-1)).toBe(false);
    expect(reach.take(2000)).toBe(600);
  });

  it('lets no byte be written that somebody else may have, in whatever order things happen', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ take: fc.integer({ min: 1, max: 1000 }) }),
        fc.record({ shrink: fc.integer({ min: 0, max: 10 }) }),
      ),
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 1000 }), (list, endByte) => {
        const reach = WriteReach.create(0, UNIT, endByte);
        let others = endByte;
        let written = 0;
        for (const step of list) {
          if ('take' in step) written = Math.max(written, reach.take(step.take));
          else if (reach.shrinkTo(step.shrink)) others = Math.min(others, (step.shrink + 1) * UNIT);
          expect(written).toBeLessThanOrEqual(others);
        }
        // What was not given away can be written to its end.
        expect(reach.take(endByte)).toBe(others);
      }),
    );
  });
});
