import { describe, expect, it } from 'vitest';
import { DEMANDED_RUN_BYTES, DEMANDED_RUN_MS, MOST_DEMANDED_RUN_MS } from '../limits.js';
import { PieceMap } from '../pieces/piece-map.js';
import type { Demand, Wanted } from '../port.js';
import { createFileSource, type FileSource } from '../request/file-source.js';
import { SourceState } from '../schedule/source-state.js';
import { WantedPieces } from './wanted-pieces.js';

const MIB = 2 ** 20;
const nothing = (): void => undefined;

function wanting(wanted: () => Wanted): WantedPieces {
  const demand: Demand = {
    wanted,
    listen: nothing,
    opened: nothing,
    arrived: nothing,
    withdrawn: nothing,
    verified: nothing,
  };
  return new WantedPieces(demand, nothing);
}

/** `laneRate`: bytes per millisecond. */
function sourceOf(laneRate: number | undefined, roundTripMs?: number): FileSource {
  const state = new SourceState('s', 8);
  state.laneRate = laneRate;
  if (roundTripMs !== undefined) state.health.answered(roundTripMs);
  const failure = (): never => {
    throw new Error('not asked');
  };
  return createFileSource({ id: 's', url: 'http://s.invalid/model', failure }, state);
}

describe('WantedPieces', () => {
  it('says which pieces readers are at, as they go on', () => {
    let atByte = 3.5 * MIB;
    const endByte = 40 * MIB;
    const wanted = wanting(() => ({ isAll: true, spans: [{ startByte: atByte, endByte }, { startByte: 20 * MIB, endByte }] })); // prettier-ignore
    const map = new PieceMap(endByte, MIB);
    wanted.changed(map);
    const awaited = (): number[] => Array.from({ length: 40 }, (_, index) => index).filter((each) => wanted.isAwaited(each)); // prettier-ignore
    expect(awaited()).toEqual([3, 20]);
    atByte = 4 * MIB;
    wanted.changed(map);
    expect(awaited()).toEqual([4, 20]);
  });

  it('wishes for short requests, longer ones where round trips cost more, and never for more than was meant', () => {
    const wanted = wanting(() => ({ isAll: true, spans: [] }));
    const wish = (from: FileSource, most = Infinity): number => wanted.wishBytes(from, most, 0);
    expect(wish(sourceOf(undefined))).toBe(DEMANDED_RUN_BYTES);
    expect(wish(sourceOf(1000, 1))).toBe(1000 * DEMANDED_RUN_MS);
    expect(wish(sourceOf(1000, 40))).toBe(1000 * 800);
    expect(wish(sourceOf(1000, 400))).toBe(1000 * MOST_DEMANDED_RUN_MS);
    expect(wish(sourceOf(1000, 1), 5000)).toBe(5000);
  });
});
