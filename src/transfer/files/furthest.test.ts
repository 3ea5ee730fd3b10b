import { expect, it } from 'vitest';
import { Furthest } from './furthest.js';

const piece = (index: number) => ({ mode: 'range', index }) as const;
const whole = { mode: 'whole', index: 0 } as const;

it('counts what comes further than ever, of each piece and of the whole', () => {
  const furthest = new Furthest();
  expect(furthest.advance(piece(0), 1000)).toBe(true);
  expect(furthest.advance(piece(0), 1000)).toBe(false);
  expect(furthest.advance(piece(0), 999)).toBe(false);
  expect(furthest.advance(piece(3), 500)).toBe(true);
  expect(furthest.advance(piece(0), 1001)).toBe(true);
  expect(furthest.advance(whole, 10)).toBe(true);
  expect(furthest.advance(whole, 10)).toBe(false);
});

it('begins anew with what landed, and was found wrong since', () => {
  const furthest = new Furthest();
  furthest.advance(piece(1), 2000);
  furthest.landed(1);
  expect(furthest.advance(piece(1), 1)).toBe(true);
  furthest.advance(whole, 10);
  furthest.forget();
  expect(furthest.advance(whole, 1)).toBe(true);
  expect(furthest.advance(piece(1), 1)).toBe(true);
});
