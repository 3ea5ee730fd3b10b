import { describe, expect, test } from 'vitest';

import { createHostGate, gateKey, netLimits, type Headers, type ResponseHead } from './index.js';

const head = (status: number, headers: Headers = {}): ResponseHead => ({
  status,
  headers,
  url: 'https://hub.example/',
});

describe('the gate of a host', () => {
  test('is open until the host asks for a pause, and for that host only', async () => {
    const gate = createHostGate({ now: () => 0 });
    await gate.wait('a', new AbortController().signal);
    gate.note('a', head(429, { 'retry-after': '30' }));
    expect([gate.pauseMs('a'), gate.pauseMs('b')]).toEqual([30_000, 0]);
  });

  test('opens again when the pause is over', () => {
    let now = 0;
    const gate = createHostGate({ now: () => now });
    gate.note('a', head(503, { 'retry-after': '2' }));
    now = 1500;
    expect(gate.pauseMs('a')).toBe(500);
    now = 2500;
    expect(gate.pauseMs('a')).toBe(0);
  });

  test('a later shorter wish does not cut an earlier longer one', () => {
    const gate = createHostGate({ now: () => 0 });
    gate.note('a', head(429, { 'retry-after': '30' }));
    gate.note('a', head(429, { 'retry-after': '1' }));
    expect(gate.pauseMs('a')).toBe(30_000);
  });

  test('tells what is left, until the window is over', () => {
    let now = 0;
    const gate = createHostGate({ now: () => now });
    gate.note('a', head(200, { ratelimit: '"api";r=40;t=50' }));
    gate.note('a', head(200, { ratelimit: '"api";r=39;t=49' }));
    gate.note('b', head(200));
    now = 9000;
    expect(gate.budgets()).toEqual([{ key: 'a', remaining: 39, resetMs: 40_000 }]);
    now = 49_000;
    expect(gate.budgets()).toEqual([]);
  });

  test('closes before the first refusal when nothing is left', () => {
    const gate = createHostGate({ now: () => 0 });
    expect(gate.note('a', head(200, { ratelimit: '"api";r=0;t=55' }))).toBe(56_000);
    expect(gate.note('b', head(200, { ratelimit: '"api";r=1;t=55' }))).toBe(0);
  });

  test('a wish without measure is cut', () => {
    const gate = createHostGate({ now: () => 0 });
    gate.note('a', head(429, { 'retry-after': '999999999' }));
    expect(gate.pauseMs('a')).toBe(netLimits.MAX_PAUSE_MS);
  });

  test('refusals that do not say for how long make longer and longer pauses, until one is accepted', () => {
    let now = 0;
    const gate = createHostGate({ now: () => now });
    const refused = (): number => {
      const pause = gate.note('a', head(429));
      now += pause;
      return pause;
    };
    expect([refused(), refused(), refused()]).toEqual([1000, 2000, 4000]);
    gate.note('a', head(200));
    expect(refused()).toBe(1000);
  });

  test('many refusals at the same moment count once', () => {
    const gate = createHostGate({ now: () => 0 });
    for (let count = 0; count < 8; count += 1) gate.note('a', head(429));
    expect(gate.pauseMs('a')).toBe(1000);
  });

  test('Retry-After of a success or of a plain failure does not close it', () => {
    const gate = createHostGate({ now: () => 0 });
    gate.note('a', head(200, { 'retry-after': '30' }));
    gate.note('a', head(404, { 'retry-after': '30' }));
    expect(gate.pauseMs('a')).toBe(0);
  });

  test('waiting ends with the signal', async () => {
    const gate = createHostGate();
    gate.note('a', head(429, { 'retry-after': '300' }));
    const controller = new AbortController();
    const waiting = gate.wait('a', controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

test.each([
  ['https://huggingface.co/api/models/a/b/tree/main', 'huggingface.co/api'],
  ['https://huggingface.co/a/b/resolve/main/x', 'huggingface.co'],
  ['https://huggingface.co/api/resolve-cache/models/a/b/c/x', 'huggingface.co'],
  ['http://host:8080/prefix/api/datasets/a/b', 'host:8080/api'],
  ['https://modelscope.cn/api/v1/models/a/b/repo?Revision=master&FilePath=x', 'modelscope.cn'],
  ['https://modelscope.cn/api/v1/models/a/b/repo/files?Revision=master', 'modelscope.cn/api'],
])('%s is of the budget %s', (url, key) => {
  expect(gateKey(url)).toBe(key);
});
