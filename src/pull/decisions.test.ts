import { expect, it } from 'vitest';
import type { SluiceEvent } from '../base/index.js';
import { Decisions } from './decisions.js';

const waiting = (source: string, reason = 'asked'): SluiceEvent => ({
  type: 'source.waiting',
  source,
  waitMs: 1,
  reason,
});

it('keeps decisions, and passes everything on', () => {
  const seen: SluiceEvent[] = [];
  const decisions = new Decisions(
    (event) => seen.push(event),
    () => 77,
  );
  decisions.emit(waiting('a'));
  decisions.emit({ type: 'notice', code: 'X', message: 'x' });
  expect(decisions.list()).toEqual([{ atMs: 77, event: waiting('a') }]);
  expect(seen).toHaveLength(2);
});

it('counts what is of the same kind, and keeps a bounded number in all', () => {
  const decisions = new Decisions(() => undefined);
  for (let index = 0; index < 20; index += 1) decisions.emit(waiting('a'));
  expect(decisions.list()).toHaveLength(8);
  expect(decisions.list().at(-1)?.more).toBe(12);
  for (let index = 0; index < 5000; index += 1) decisions.emit(waiting(`s${index}`));
  expect(decisions.list()).toHaveLength(400);
});
