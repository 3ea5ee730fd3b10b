import { describe, expect, it } from 'vitest';
import type { Desk } from '../files/job.js';
import { SCHEDULE } from '../limits.js';
import type { FileSource } from '../request/file-source.js';
import type { Flight } from './flight.js';
import { findLateFront, type LateContext } from './late-front.js';
import type { SourceState } from './source-state.js';

const MIB = 2 ** 20;
/** Rates are bytes per millisecond. */
const source = (laneRate: number, isCounting = false): FileSource =>
  ({
    banned: undefined,
    source: { id: String(laneRate) },
    state: {
      ...{ laneRate, active: 8, silences: 0, waitUntilMs: 0, startMs: 10 },
      health: { roundTripMs: 20 },
      refusals: { isCounting: () => isCounting },
    },
  }) as unknown as FileSource;
const fast = source(12_500);
const slow = source(250);
interface Options {
  readonly rate?: number | undefined;
  readonly isSpeedingUp?: boolean;
  readonly firstByteMs?: number;
  readonly behindBytes?: number | undefined;
}
const flight = (from: FileSource, options: Options = {}): Flight =>
  ({
    from,
    job: { sources: [fast, slow] },
    isLeaving: false,
    rate: 'rate' in options ? options.rate : from.state.laneRate,
    isSpeedingUp: options.isSpeedingUp ?? false,
    work: {
      keeps: 'loose',
      firstByteMs: options.firstByteMs ?? 0,
      leftBytes: MIB,
      spareBytes: 0,
      behindBytes: 'behindBytes' in options ? options.behindBytes : 200 * MIB,
    },
  }) as unknown as Flight;
const context = (leftBytes: number, times = 0, sources = [fast, slow]): LateContext<Desk> => ({
  schedule: SCHEDULE,
  nowMs: 1000,
  leftBytes,
  states: sources.map(({ state }): SourceState => state),
  handedOver: () => times,
});
/** What takes a quarter of a second. */
const soon = context(250 * 8 * 12_750);

describe('a piece that all behind it waits for', () => {
  it('goes to a faster source when it would come too late to be hashed with the rest', () => {
    const late = flight(slow);
    expect(findLateFront([flight(fast), late], soon)).toMatchObject({ flight: late, to: fast });
  });

  it('is the first in the file of several', () => {
    const [behind, first] = [flight(slow), flight(slow, { behindBytes: 220 * MIB })];
    expect(findLateFront([behind, first, behind], soon)?.flight).toBe(first);
  });

  it('stays with its source while there is time, and with little behind it', () => {
    expect(findLateFront([flight(slow)], context(3000 * 8 * 12_750))).toBeUndefined();
    expect(findLateFront([flight(slow, { behindBytes: 20 * MIB })], soon)).toBeUndefined();
    expect(findLateFront([flight(slow, { behindBytes: undefined })], soon)).toBeUndefined();
  });

  it('stays where it is not known to be slow, and where nobody is better', () => {
    expect(findLateFront([flight(slow, { rate: undefined })], soon)).toBeUndefined();
    expect(findLateFront([flight(slow, { isSpeedingUp: true })], soon)).toBeUndefined();
    expect(findLateFront([flight(slow, { firstByteMs: 901 })], soon)).toBeUndefined();
    expect(findLateFront([flight(slow, { firstByteMs: 900 })], soon)).toBeDefined();
    expect(findLateFront([flight(source(250, true))], soon)).toBeUndefined();
    expect(findLateFront([flight(source(8000))], soon)).toBeUndefined();
  });

  it('goes to another connection of the same source only where this one is far worse than those', () => {
    const soonAlone = context(250 * 8 * 12_500, 0, [fast]);
    expect(findLateFront([flight(fast, { rate: 3200 })], soonAlone)).toBeUndefined();
    expect(findLateFront([flight(fast, { rate: 300 })], soonAlone)?.to).toBe(fast);
  });

  it('must be worth more each time', () => {
    expect(findLateFront([flight(slow)], context(250 * 8 * 12_750, 2))).toBeUndefined();
  });
});
