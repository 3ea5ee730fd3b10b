import { expect, it } from 'vitest';
import { WriteTurn } from './write-turn.js';

it('is given back after each write, also after one that fails', () => {
  const turn = new WriteTurn();
  const state = new Int32Array(turn.shared);
  const seen: number[] = [];
  turn.run(() => seen.push(state[0] ?? -1));
  expect(() => turn.run(() => { throw new Error('disk'); })).toThrow('disk'); // prettier-ignore
  turn.run(() => seen.push(state[0] ?? -1));
  expect(seen).toEqual([1, 1]);
  expect(state[0]).toBe(0);
});

it('is not waited for for ever when whoever had it died', () => {
  const turn = new WriteTurn();
  new Int32Array(turn.shared)[0] = 1;
  let written = false;
  turn.run(() => (written = true));
  expect(written).toBe(true);
});
