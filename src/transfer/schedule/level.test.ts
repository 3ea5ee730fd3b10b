import { describe, expect, it } from 'vitest';
import { SCHEDULE, SERVICE_SCHEDULE } from '../limits.js';
import { ConnectionLevel, type LevelChange } from './level.js';

/** Drives a level over a source that delivers what `goodput` says for so many connections, bytes per millisecond. */
function drive(
  level: ConnectionLevel,
  goodput: (connections: number) => number,
  {
    ms = 3000,
    startMs = 0,
    others = () => 0,
    leftBytes = Infinity,
    isLineFull = false,
    isBusyHere = false,
  }: {
    leftBytes?: number;
    isLineFull?: boolean;
    isBusyHere?: boolean;
    ms?: number;
    startMs?: number;
    others?: (limit: number) => number;
  } = {},
): LevelChange[] {
  const changes: LevelChange[] = [];
  let work = 0;
  let totalWork = 0;
  for (let nowMs = startMs; nowMs < startMs + ms; nowMs += 25) {
    const { limit } = level;
    work += goodput(limit) * 25;
    totalWork += (goodput(limit) + others(limit)) * 25;
    const sample = {
      nowMs,
      active: limit,
      busy: limit,
      work,
      totalWork,
      roundTripMs: 10,
      leftBytes,
      isLineFull,
      isBusyHere,
    };
    const change = level.observe(sample);
    if (change !== undefined) changes.push(change);
  }
  return changes;
}
const said = (changes: readonly LevelChange[]): string[] => changes.map(({ reason, to }) => `${reason} ${to}`);

describe('ConnectionLevel', () => {
  it('doubles while each connection brings as much as the one before, up to the most', () => {
    const level = new ConnectionLevel(SCHEDULE, 32);
    expect(said(drive(level, (connections) => connections * 1000))).toEqual(['climb 16', 'climb 32']);
  });

  it('does not take the speeding up of the first connections for what more of them bring, where somebody reads meanwhile', () => {
    // Asked twice each 25 ms: slow start, and then a full line whoever is on it.
    const speedingUp = () => {
      let asked = 0;
      return (): number => Math.min(125_000, 10_000 * 2 ** Math.floor((asked++ * 12.5) / 25));
    };
    expect(said(drive(new ConnectionLevel(SCHEDULE, 32), speedingUp()))).toContain('climb 32');
    const level = new ConnectionLevel(SERVICE_SCHEDULE, 32);
    expect(said(drive(level, speedingUp(), { leftBytes: 250_000_000 }))).toEqual(['climb 12', 'flat 8']);
  });

  it('goes up all the same where more bring as much each, and not where they bring a little', () => {
    const capped = new ConnectionLevel(SERVICE_SCHEDULE, 32);
    expect(said(drive(capped, (connections) => connections * 1000))).toEqual(['climb 12', 'climb 24', 'climb 32']);
    const level = new ConnectionLevel(SERVICE_SCHEDULE, 32);
    expect(said(drive(level, (connections) => 50_000 + connections * 2000))).toEqual(['climb 12']);
  });

  it('tries no more while the line is full, and does once it is not', () => {
    const level = new ConnectionLevel(SCHEDULE, 32);
    const goodput = (connections: number): number => connections * 1000;
    expect(said(drive(level, goodput, { isLineFull: true, ms: 20_000 }))).toEqual([]);
    expect(said(drive(level, goodput, { startMs: 20_000, ms: 10_000 }))).toEqual(['climb 12', 'climb 24', 'climb 32']);
  });

  it('steps back when more bring nothing, and finds that fewer are enough', () => {
    const level = new ConnectionLevel(SCHEDULE, 32);
    // A single one brings as much, too, and is not kept for that.
    expect(said(drive(level, () => 50_000))).toEqual(['climb 16', 'flat 8', 'ease 4', 'ease 2', 'needed 2']);
    expect(level.limit).toBe(2);
  });

  it('draws nothing from silence', () => {
    const level = new ConnectionLevel(SCHEDULE, 32);
    expect(said(drive(level, () => 0, { ms: 10_000 }))).toEqual(['climb 16']);
  });

  it('goes down to a single one where two already make it collapse, and stays there', () => {
    const level = new ConnectionLevel(SCHEDULE, 32);
    const changes = drive(level, (connections) => (connections > 1 ? 10_000 : 90_000), { ms: 20_000 });
    expect(said(changes)).toEqual(['climb 16', 'flat 8', 'ease 4', 'ease 2', 'ease 1']);
    expect(changes.at(-1)).toMatchObject({ goodputBefore: 10_000, goodputAfter: 90_000 });
    expect(level.limit).toBe(1);
  });

  it('goes back up when fewer bring less', () => {
    const level = new ConnectionLevel(SCHEDULE, 32);
    const changes = drive(level, (connections) => Math.min(8, connections) * 1000);
    expect(said(changes)).toEqual(['climb 16', 'flat 8', 'needed 8']);
    expect(level.limit).toBe(8);
  });

  it('falls back from a collapse with the numbers of both, and does not go there again soon', () => {
    const level = new ConnectionLevel(SCHEDULE, 32);
    const collapsing = (connections: number): number => (connections > 8 ? 20_000 : connections * 10_000);
    const changes = drive(level, collapsing, { ms: 20_000 });
    expect(changes[1]).toMatchObject({
      from: 16,
      to: 8,
      reason: 'collapse',
      goodputBefore: 80_000,
      goodputAfter: 20_000,
    });
    const later = changes.slice(2);
    expect(Math.max(...later.map(({ to }) => to))).toBeLessThan(16);
    expect(later.length).toBeLessThanOrEqual(4);
    expect(level.limit).toBe(8);
  });

  it('says a deep fall sooner than a small one', () => {
    const untilFall = (share: number): number => {
      let fellAtMs = Infinity;
      const level = new ConnectionLevel(SCHEDULE, 32);
      for (let nowMs = 0, work = 0; nowMs < 2000 && fellAtMs === Infinity; nowMs += 25) {
        const { limit } = level;
        work += 25 * 80_000 * (limit > 8 ? share : 1);
        const sample = {
          nowMs,
          active: limit,
          busy: limit,
          work,
          totalWork: work,
          roundTripMs: 10,
          leftBytes: Infinity,
        };
        if (level.observe(sample)?.reason === 'collapse') fellAtMs = nowMs;
      }
      return fellAtMs;
    };
    expect(untilFall(0.3)).toBeLessThan(untilFall(0.7));
    expect(untilFall(0.7)).toBeLessThan(Infinity);
  });

  it('does not try fewer where that many are known to bring less', () => {
    const level = new ConnectionLevel(SCHEDULE, 32);
    const changes = drive(level, (connections) => Math.min(16, connections) * 1000, { ms: 2000 });
    expect(said(changes)).toEqual(['climb 16', 'climb 32', 'flat 16']);
    expect(level.limit).toBe(16);
  });

  it('tries neither more nor fewer when all is nearly there', () => {
    const level = new ConnectionLevel(SCHEDULE, 32);
    // The first step is taken before anything is known.
    expect(said(drive(level, (connections) => connections * 1000, { leftBytes: 1_000_000 }))).toEqual(['climb 16']);
    const flat = new ConnectionLevel(SCHEDULE, 32);
    expect(said(drive(flat, () => 50_000, { leftBytes: 50_000_000 }))).toEqual(['climb 16', 'flat 8']);
  });

  it('keeps as many as were served at once when one is refused', () => {
    const level = new ConnectionLevel(SCHEDULE, 32);
    expect(level.refused(0, 6)).toMatchObject({ from: 8, to: 6, reason: 'refused' });
    expect(level.refused(0, 20)).toBeUndefined();
    expect(level.limit).toBe(6);
  });

  it('does not count what it takes from other sources', () => {
    const level = new ConnectionLevel(SCHEDULE, 32);
    const shared = (limit: number): number => limit * 1000;
    const changes = drive(level, shared, { ms: 1000, others: (limit) => 100_000 - shared(limit) });
    expect(said(changes)[1]).toBe('flat 8');
  });

  it('has half as many after a refusal, at least one, and tries more much later', () => {
    const level = new ConnectionLevel(SCHEDULE, 32);
    expect([level.refused(0)?.to, level.refused(0)?.to]).toEqual([4, 2]);
    for (let index = 0; index < 9; index += 1) level.refused(0);
    expect(level.limit).toBe(1);
    expect(drive(level, (connections) => connections * 1000, { ms: 3500 })).toEqual([]);
  });

  it('tries more again after a while, since networks change', () => {
    const level = new ConnectionLevel(SCHEDULE, 32);
    drive(level, () => 50_000);
    expect(level.limit).toBe(2);
    drive(level, (connections) => connections * 50_000, { startMs: 3000, ms: 30_000 });
    expect(level.limit).toBe(32);
  });

  it('tries no more while this machine is the limit, and does once it is not', () => {
    const level = new ConnectionLevel(SCHEDULE, 32);
    expect(drive(level, (connections) => connections * 1000, { isBusyHere: true })).toEqual([]);
    const later = drive(level, (connections) => connections * 1000, { startMs: 3000 });
    expect(said(later)).toEqual(['climb 16', 'climb 32']);
  });

  it('judges nothing while its connections are not in use', () => {
    const level = new ConnectionLevel(SCHEDULE, 32);
    for (let nowMs = 0; nowMs < 5000; nowMs += 25)
      expect(
        level.observe({
          nowMs,
          active: 3,
          busy: 3,
          work: nowMs,
          totalWork: nowMs,
          roundTripMs: 10,
          leftBytes: Infinity,
        }),
      ).toBeUndefined();
  });

  it('keeps to what it is told', () => {
    const level = new ConnectionLevel(SCHEDULE, 3);
    expect(drive(level, (connections) => connections * 1000)).toEqual([]);
    expect(level.limit).toBe(3);
  });
});
