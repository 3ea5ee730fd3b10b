import { describe, expect, it } from 'vitest';
import type { Fault, FaultMatch } from '../../src/sim/index.js';
import { BYTES, expectOnlyRightBytes, pullThrough } from './fault-harness.js';
import { newMachine, sluice } from './harness.js';
import { hub, MODEL } from './hub.js';

const MIB = 2 ** 20;

describe('faults that pass end in the right files', () => {
  const passing: [string, FaultMatch, Fault][] = [
    ['a byte corrupted once', { ...BYTES, coversByte: 5 * MIB, times: 1 }, { type: 'corrupt', atByte: 5 * MIB }],
    ['a stall', { ...BYTES, times: 1 }, { type: 'stall', afterBytes: 100_000, forMs: 60_000 }],
    ['resets', { ...BYTES, every: 3, times: 4 }, { type: 'reset', afterBytes: 300_000 }],
    ['a reset before the head', { ...BYTES, times: 2 }, { type: 'reset', afterBytes: -1 }],
    ['early ends', { ...BYTES, times: 3 }, { type: 'end-early', afterBytes: 200_000 }],
    ['too short a length', { ...BYTES, times: 2 }, { type: 'content-length', delta: -1000 }],
    ['too great a length', { ...BYTES, times: 2 }, { type: 'content-length', delta: 1000 }],
    ['a wrong Content-Range', { ...BYTES, times: 1 }, { type: 'content-range', value: 'bytes 5-9/77' }],
    ['no Content-Range', { ...BYTES, times: 1 }, { type: 'content-range', value: undefined }],
    ['a range ignored now and then', { ...BYTES, every: 2, times: 2 }, { type: 'ignore-range' }],
    ['narrower ranges than asked', { ...BYTES, times: 3 }, { type: 'short-range', bytes: 65_536 }],
    ['403 in the middle', { kind: 'cdn', skip: 1, times: 2 }, { type: 'status', status: 403 }],
    ['416 in the middle', { kind: 'cdn', skip: 1, times: 1 }, { type: 'status', status: 416 }],
    [
      '429 with Retry-After',
      { kind: ['cdn', 'resolve'], times: 3 },
      { type: 'status', status: 429, headers: { 'retry-after': '1' } },
    ],
    ['500', { kind: ['cdn', 'resolve'], times: 2 }, { type: 'status', status: 500 }],
    ['502', { times: 2 }, { type: 'status', status: 502 }],
    ['503 with Retry-After', { times: 2 }, { type: 'status', status: 503, headers: { 'retry-after': '1' } }],
    ['504', { kind: 'tree', times: 1 }, { type: 'status', status: 504 }],
    ['slow edges', { kind: 'cdn', share: 0.5 }, { type: 'slow', bytesPerSecond: 4 * MIB }],
    ['gzip that nobody asked for', { kind: ['cdn', 'resolve'], times: 1 }, { type: 'gzip' }],
    ['no length', { kind: 'resolve', path: /config/ }, { type: 'no-length', style: 'chunked' }],
    [
      'a login page once',
      { kind: 'info', times: 1 },
      { type: 'body', content: '<html>Sign in</html>', contentType: 'text/html' },
    ],
  ];

  it.each(passing)(
    '%s',
    async (_, on, fault) => {
      const { sim, machine, done } = await pullThrough({ on, fault }, {}, { SLUICE_NO_PROGRESS: '30s' });
      expect(done.code, done.stderr).toBe(0);
      expect(await expectOnlyRightBytes(machine, sim.commit('acme/tiny'))).toBe(Object.keys(MODEL).length);
    },
    60_000,
  );

  it('a request window: waits as long as it is told', async () => {
    const { done } = await pullThrough(
      {
        on: { kind: ['resolve', 'cdn'] },
        fault: { type: 'rate-limit', requests: 12, windowMs: 1500, tell: 'ratelimit' },
      },
      {},
      { SLUICE_NO_PROGRESS: '30s' },
    );
    expect(done.code, done.stderr).toBe(0);
  }, 60_000);

  it.each([
    ['signed addresses that expire all the time', { signedForMs: 300, network: { totalBytesPerSecond: 20 * MIB } }],
    ['signed addresses that are good for one request', { signedUses: 1 }],
  ])('%s', async (_, options) => {
    const sim = await hub(options);
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const done = await sluice(machine, 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(0);
    expect(await expectOnlyRightBytes(machine, sim.commit('acme/tiny'))).toBe(Object.keys(MODEL).length);
    expect(sim.leaks).toEqual([]);
  });
});
