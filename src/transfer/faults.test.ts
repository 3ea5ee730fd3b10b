import { describe, expect, it } from 'vitest';
import type { SimOptions, Fault, FaultMatch } from '../sim/index.js';
import { MIB, makeRig, seededContent, sha256Of, taskOf } from './testing/rig.js';

const big = seededContent({ seed: 1, sizeBytes: 9 * MIB + 123 });
const small = seededContent({ seed: 2, sizeBytes: 90_000 });
const files = { 'big.bin': big, 'small.json': small };
const both = (sims: Parameters<typeof taskOf>[2]): ReturnType<typeof taskOf>[] => [
  taskOf('big.bin', big, sims),
  taskOf('small.json', small, sims),
];
/** Large files come from the second host, where requests have no name. */
const file: FaultMatch = { host: 'cdn' };

describe('a fault that passes ends in the right file', () => {
  const faults: readonly [name: string, fault: Fault, on: FaultMatch, options?: SimOptions][] = [
    ['a reset in the middle', { type: 'reset', afterBytes: 40_000 }, { ...file, every: 3, times: 5 }],
    ['a reset before the answer', { type: 'reset', afterBytes: -1 }, { ...file, every: 3, times: 5 }],
    ['an early end', { type: 'end-early', afterBytes: 50_000 }, { ...file, every: 2, times: 6 }],
    ['a stall', { type: 'stall', afterBytes: 30_000 }, { ...file, skip: 1, times: 2 }],
    ['a length that is too large', { type: 'content-length', delta: 5 }, { ...file, times: 2 }],
    ['a length that is too small', { type: 'content-length', delta: -5 }, { ...file, times: 2 }],
    ['503 now and then', { type: 'status', status: 503 }, { ...file, every: 3, times: 4 }],
    ['502 from the hub', { type: 'status', status: 502 }, { path: /big/, host: 'hub', times: 2 }],
    ['429 with Retry-After', { type: 'rate-limit', requests: 4, windowMs: 700, tell: 'nothing' }, file],
    ['503 with Retry-After', { type: 'status', status: 503, headers: { 'retry-after': '1' } }, { ...file, times: 2 }],
    ['a 403 from the signed address', { type: 'status', status: 403 }, { ...file, every: 4, times: 3 }],
    ['a narrower range than asked for', { type: 'short-range', bytes: 1000 }, { ...file, times: 2 }],
    ['a flipped byte, once', { type: 'corrupt', atByte: 70_000 }, { ...file, times: 1 }],
    ['compression nobody asked for', { type: 'gzip' }, { ...file, times: 2 }],
    [
      'a login page with status 200',
      { type: 'body', content: '<html>', contentType: 'text/html' },
      { ...file, times: 1 },
    ],
    ['ranges ignored', { type: 'ignore-range' }, file],
    ['bodies without length', { type: 'no-length', style: 'chunked' }, file],
    ['a slow answer', { type: 'slow', bytesPerSecond: 100_000 }, { ...file, times: 1 }],
  ];
  it.each(faults)('%s', async (_name, fault, on) => {
    const rig = await makeRig();
    const sim = await rig.sim(files, { faults: [{ on, fault }] });
    const mirror = await rig.sim(files);
    const isFatalAlone = fault.type === 'body' || fault.type === 'content-length';
    const results = await rig.run(both(isFatalAlone ? [sim, mirror] : [sim]), { noProgressMs: 20_000 });
    expect(results.map(({ error, sha256 }) => error?.message ?? sha256)).toEqual([sha256Of(big), sha256Of(small)]);
    await rig.assertBlobsRight();
    expect(sim.leaks).toEqual([]);
  });
});

describe('a fault that stays ends in its error, and other files go on', () => {
  const faults: readonly [name: string, code: string, fault: Fault, on: FaultMatch][] = [
    ['404', 'FILE_NOT_FOUND', { type: 'status', status: 404 }, { path: /big/ }],
    ['401', 'UNAUTHORIZED', { type: 'status', status: 401 }, { path: /big/, host: 'hub' }],
    ['403 from the hub', 'FORBIDDEN', { type: 'status', status: 403 }, { path: /big/, host: 'hub' }],
    ['416', 'RANGE_REFUSED', { type: 'status', status: 416 }, file],
    [
      '416 that tells another size',
      'SIZE_MISMATCH',
      { type: 'status', status: 416, headers: { 'content-range': 'bytes */77' } },
      file,
    ],
    ['another size', 'SIZE_MISMATCH', { type: 'content-range', value: 'bytes 0-1048575/5555555' }, file],
    ['500 for ever', 'NO_PROGRESS', { type: 'status', status: 500 }, { path: /big/ }],
    ['a redirect loop', 'REDIRECTS', { type: 'redirect', to: 'self' }, { path: /big/, host: 'hub' }],
    ['a byte that is always wrong', 'DIGEST_MISMATCH', { type: 'corrupt', atByte: 5 * MIB }, file],
    ['a stall that always comes back', 'NO_PROGRESS', { type: 'stall', afterBytes: 0 }, file],
    ['an end that always comes at once', 'NO_PROGRESS', { type: 'end-early', afterBytes: 0 }, file],
  ];
  it.each(faults)('%s', async (_name, code, fault, on) => {
    const rig = await makeRig();
    const sim = await rig.sim(files, { faults: [{ on, fault }] });
    const [first, second] = await rig.run(both([sim]), { noProgressMs: 2500 });
    expect(first?.error?.code).toBe(code);
    expect(second?.sha256).toBe(sha256Of(small));
    expect(await rig.assertBlobsRight()).toEqual([sha256Of(small)]);
    expect(sim.leaks).toEqual([]);
  });
});
