import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../base/index.js';
import { SourceState } from './source-state.js';

describe('SourceState', () => {
  const reset = new SluiceError('RESET', { host: 'h' });
  const refused = new SluiceError('CONNECT', { host: 'h' });

  it('forgives one lost connection and waits longer and longer for a dead host', () => {
    const state = new SourceState('s', 8);
    expect(state.failed(reset, 0, 10).waitMs).toBe(0);
    let nowMs = 20;
    const waits = Array.from({ length: 12 }, () => {
      const { waitMs } = state.failed(refused, nowMs, nowMs);
      nowMs += waitMs + 1;
      return waitMs;
    });
    expect(waits[0]).toBeGreaterThanOrEqual(200);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(15_000);
    expect(waits.at(-1)).toBeLessThanOrEqual(45_000);
  });

  it('counts requests that failed together once', () => {
    const state = new SourceState('s', 8);
    const first = state.failed(refused, 0, 100).waitMs;
    for (let index = 0; index < 7; index += 1) state.failed(refused, 0, 101);
    expect(state.waitUntilMs).toBeLessThanOrEqual(100 + first);
  });

  it('waits as long as it is asked to, and asks with fewer connections then', () => {
    const state = new SourceState('s', 8);
    state.active = 8;
    const limited = new SluiceError('RATE_LIMITED', { host: 'h' }, { retryAfterMs: 7000 });
    expect(state.failed(limited, 0, 100).waitMs).toBe(7000);
    state.refusals.refused(100, 8, true, true);
    expect(state.settleRefusal(100)).toMatchObject({ from: 8, to: 4, reason: 'refused' });
    expect(state.mostActive).toBe(4);
    expect(state.isOpen(200)).toBe(false);
    state.active = 0;
    expect(state.isOpen(7100)).toBe(true);
  });

  it('keeps as many connections as were served at once, and counts requests when fewer are refused', () => {
    const state = new SourceState('s', 32);
    state.active = 8;
    for (let index = 0; index < 6; index += 1) state.answerBegan(0);
    state.refusals.refused(10, 8, true, true);
    expect(state.settleRefusal(20)?.to).toBe(6);
    expect(state.refusals.allowance.counts).toBe(false);
    state.refusals.refused(1100, 3, true, true);
    expect(state.settleRefusal(1110)).toBeUndefined();
    expect(state.mostActive).toBe(6);
    expect(state.refusals.allowance.counts).toBe(true);
  });

  it('sends one request ahead after a refusal that does not say for how long', () => {
    const state = new SourceState('s', 32);
    state.active = 1;
    state.failed(new SluiceError('RATE_LIMITED', { host: 'h' }), 0, 10);
    state.refusals.refused(10, 1, true, false);
    state.settleRefusal(25);
    expect(state.mostActive).toBe(1);
    state.answerBegan(5);
    state.refusals.answerEnded();
    expect(state.mostActive).toBe(1);
    state.answerBegan(300);
    expect(state.mostActive).toBe(4);
  });

  it('is well again when a later request is answered, long before that one ends', () => {
    const state = new SourceState('s', 8);
    for (const atMs of [10, 1000, 3000]) state.failed(refused, atMs, atMs);
    expect(state.mostActive).toBe(1);
    state.answerBegan(5000);
    expect(state.mostActive).toBe(8);
  });

  it('reckons with slow start where a connection has to be made first', () => {
    const state = new SourceState('s', 8);
    for (let index = 0; index < 5; index += 1) state.health.answered(100);
    state.laneRate = 10_000;
    state.takesNewConnection();
    expect(state.startMs).toBeGreaterThan(600);
    state.active = 0;
    expect(state.startMs).toBe(100);
  });

  it('measures what it delivers', () => {
    const state = new SourceState('s', 8);
    state.active = 1;
    for (let index = 0; index < 100; index += 1) {
      state.received(200_000);
      state.measure(200);
    }
    expect(Math.round(state.goodput ?? 0)).toBe(1000);
  });
});
