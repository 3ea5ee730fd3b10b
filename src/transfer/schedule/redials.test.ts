import { expect, it } from 'vitest';
import { Redials } from './redials.js';

it('stops dialling again where that never helps, and goes on where it does', () => {
  const useless = new Redials();
  let tried = 0;
  for (let index = 0; index < 100; index += 1) {
    if (!useless.mayTry(0, 8)) continue;
    useless.note();
    tried += 1;
  }
  expect(tried).toBe(8);
  expect(useless.mayTry(60_000, 8)).toBe(true);

  const useful = new Redials();
  for (let index = 0; index < 100; index += 1) {
    expect(useful.mayTry(0, 8)).toBe(true);
    useful.note();
    if (index % 3 === 0) useful.noteHelp();
  }
  expect([useful.tried, useful.helped]).toEqual([100, 34]);
});
