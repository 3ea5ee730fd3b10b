import { afterEach, expect, test } from 'vitest';
import {
  seededContent,
  spoilTerms,
  startSim,
  wholeContent,
  type FaultRule,
  type Sim,
  type TermDamage,
} from '../index.js';
import { ask } from '../testing/ask.js';
import type { XorbDamage } from './spoil-xorb.js';
import { askReconstruction, assemble, xetAccess, type Reconstructed } from './testing/xet-reader.js';

const weights = seededContent({ seed: 'weights', sizeBytes: 700_000, style: 'bf16' });
const noise = seededContent({ seed: 'noise', sizeBytes: 700_000 });

let sim: Sim | undefined;
afterEach(() => sim?.stop());

async function start(): Promise<Sim> {
  sim = await startSim({
    repositories: [{ id: 'acme/model', files: { 'weights.bin': weights, 'noise.bin': noise } }],
    xet: { maxXorbBytes: 300_000 },
  });
  return sim;
}

async function reconstruction(at: Sim, path: string): Promise<Reconstructed> {
  const { headers } = await ask(`${at.url}/acme/model/resolve/main/${path}`, {}, { method: 'HEAD' });
  const heard = await askReconstruction(await xetAccess(at.url, 'acme/model'), String(headers['x-xet-hash']));
  return JSON.parse(heard.body.toString()) as Reconstructed;
}

test('a damaged record decodes to other bytes, or not at all', async () => {
  const at = await start();
  for (const [path, content] of [
    ['weights.bin', weights],
    ['noise.bin', noise],
  ] as const) {
    const expected = wholeContent(content);
    const answer = await reconstruction(at, path);
    const chunk = answer.terms[0]!.range.start + 1;
    const outcome = async (damage: XorbDamage): Promise<string> => {
      at.faults.clear();
      at.faults.add({ on: { kind: 'xorb', path: new RegExp(answer.terms[0]!.hash) }, fault: { type: 'xorb-chunk', chunk, damage } }); // prettier-ignore
      const bytes = await assemble(answer).catch((error: unknown) => String(error));
      if (typeof bytes === 'string') return bytes;
      return `${bytes.length - expected.length}, ${bytes.equals(expected) ? 'same' : 'other'} bytes`;
    };
    expect(await outcome('bytes')).toBe('0, other bytes');
    expect(await outcome('version')).toMatch(/No record/);
    expect(await outcome('scheme')).toMatch(/Scheme 77/);
    expect(await outcome('length')).toMatch(/has \d+ bytes of \d+|cut or too long/);
    expect(await outcome('packed-length')).toMatch(/Error/);
    at.faults.clear();
    expect((await assemble(answer)).equals(expected)).toBe(true);
  }
});

test('only the damaged chunk comes out wrong, also where several ranges are fetched at once', async () => {
  const at = await start();
  const { xorb, chunk, offset } = at.xetPlace('acme/model', 'noise.bin', 400_000);
  expect((await reconstruction(at, 'noise.bin')).terms.map(({ hash }) => hash)).toContain(xorb);
  const expected = wholeContent(noise);
  const wrong = async (rule: FaultRule): Promise<number[]> => {
    at.faults.clear();
    at.faults.add(rule);
    const bytes = await assemble(await reconstruction(at, 'noise.bin'), true);
    return [...bytes.keys()].filter((index) => bytes[index] !== expected[index]);
  };
  const on = { kind: 'xorb', path: new RegExp(xorb) } as const;
  const [byFault, ...none] = await wrong({ on, fault: { type: 'xorb-chunk', chunk, damage: 'bytes' } });
  expect(none).toEqual([]);
  expect(400_000 - byFault!).toBeGreaterThanOrEqual(0);
  expect(400_000 - byFault!).toBeLessThan(131_072);
  // The chunk is stored: its first byte lies behind the head of its record.
  expect(await wrong({ on, fault: { type: 'corrupt', atByte: offset + 8 } })).toEqual([byFault]);
  expect(() => at.xetPlace('acme/model', 'noise.bin', 700_000)).toThrow(/no noise.bin/);
});

test('terms can be wrong in every way', async () => {
  const at = await start();
  const expected = wholeContent(noise);
  const outcome = async (damage: TermDamage): Promise<string> => {
    at.faults.clear();
    at.faults.add({ on: { kind: 'xet-reconstruction' }, fault: { type: 'edit-json', edit: spoilTerms(damage) } });
    const bytes = await assemble(await reconstruction(at, 'noise.bin')).catch((error: unknown) => String(error));
    if (typeof bytes === 'string') return bytes;
    if (bytes.length !== expected.length) return bytes.length < expected.length ? 'short' : 'long';
    return bytes.equals(expected) ? 'same' : 'other';
  };
  expect(await outcome('swapped')).toBe('other');
  expect(await outcome('missing')).toBe('short');
  expect(await outcome('repeated')).toBe('long');
  expect(await outcome('offset')).toBe('short');
  expect(await outcome('length')).toMatch(/another length/);
  expect(await outcome('beyond')).toMatch(/no range/);
  expect(await outcome('unknown-xorb')).toMatch(/no range/);
});

test('the faults of every other answer befall xorbs and reconstructions too', async () => {
  const at = await start();
  const answer = await reconstruction(at, 'noise.bin');
  const { url, ranges } = Object.values(answer.xorbs!)[0]![0]!;
  const { start: from, end } = ranges[0]!.bytes;
  const heard = async (fault: Parameters<typeof at.faults.add>[0]['fault']): Promise<(string | number)[]> => {
    at.faults.clear();
    at.faults.add({ on: { kind: 'xorb' }, fault });
    const { status, body, end: how } = await ask(url, { range: `bytes=${from}-${end}` });
    return [status, body.length, how];
  };
  const whole = end - from + 1;
  expect(await heard({ type: 'end-early', afterBytes: 1000 })).toEqual([206, 1000, 'cut']);
  expect(await heard({ type: 'short-range', bytes: 500 })).toEqual([206, 500, 'whole']);
  expect(await heard({ type: 'corrupt', atByte: from })).toEqual([206, whole, 'whole']);
  expect((await heard({ type: 'status', status: 503 }))[0]).toBe(503);
  expect((await heard({ type: 'rate-limit', requests: 0, windowMs: 1000, tell: 'seconds' }))[0]).toBe(429);
  expect(await heard({ type: 'slow', bytesPerSecond: 10_000_000 })).toEqual([206, whole, 'whole']);
  at.faults.clear();
  at.faults.add({ on: { host: 'cas' }, fault: { type: 'status', status: 500 } });
  expect((await askReconstruction(await xetAccess(at.url, 'acme/model'), 'f'.repeat(64))).status).toBe(500);
});
