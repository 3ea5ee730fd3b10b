import { describe, expect, it } from 'vitest';
import type { FaultRule, Sim } from '../sim/index.js';
import { SPOT_SHARE } from './limits.js';
import type { TransferResult } from './index.js';
import { MIB, makeRig, seededContent, sha256Of, taskOf, type Rig } from './testing/rig.js';

const big = seededContent({ seed: 31, sizeBytes: 24 * MIB + 7 });
const large = seededContent({ seed: 32, sizeBytes: 60 * MIB });
const files = { 'big.bin': big, 'large.bin': large };
/** So slow that every source has its part. */
const network = { connectionBytesPerSecond: 8e6 };
const wrongAt = (...places: readonly number[]): FaultRule[] =>
  places.map((atByte) => ({ on: { host: 'cdn' }, fault: { type: 'corrupt', atByte } }));
const inEveryPiece = (pieces: number, xor = 1): FaultRule[] =>
  Array.from({ length: pieces }, (_, index) => ({
    on: { host: 'cdn' },
    fault: { type: 'corrupt', atByte: index * MIB + 1000, xor },
  }));

interface Place {
  readonly id: string;
  readonly faults?: readonly FaultRule[];
}

async function pullFrom(
  places: readonly Place[],
  path: keyof typeof files = 'big.bin',
): Promise<{ rig: Rig; result: TransferResult; sims: readonly Sim[] }> {
  const rig = await makeRig();
  const sims = await Promise.all(places.map(({ faults = [] }) => rig.sim(files, { network, faults })));
  const ids = places.map(({ id }) => id);
  const result = await rig.pull(taskOf(path, files[path], sims, ids), { noProgressMs: 20_000 });
  await rig.assertBlobsRight();
  return { rig, result, sims };
}

const doubted = (rig: Rig, reason: string): string[] =>
  rig.eventsOf('source.doubted').flatMap((event) => (event.reason === reason ? [event.source] : []));
const banned = (rig: Rig): string[] => rig.eventsOf('source.banned').map(({ source }) => source);

describe('while the file arrives', () => {
  it('who is always wrong is found out by the first bytes that are compared, and what it brought is fetched again', async () => {
    const { rig, result } = await pullFrom(
      [{ id: 'hub' }, { id: 'liar', faults: inEveryPiece(60) }, { id: 'mirror' }],
      'large.bin',
    );
    expect(result.sha256).toBe(sha256Of(large));
    expect(doubted(rig, 'set-aside')).toEqual(['liar']);
    expect(banned(rig)).toEqual(['liar']);
    const types = rig.events.map(({ type }) => type);
    const landedBefore = types.slice(0, types.indexOf('source.doubted')).filter((type) => type === 'piece.landed');
    expect(landedBefore.length).toBeLessThan(60);
    // The digest is right at the first attempt: nothing is compared but what was in dispute, and nothing else comes twice.
    const [event] = rig.eventsOf('source.doubted');
    expect(result.fetchedBytes).toBeLessThan(large.sizeBytes + (event?.againBytes ?? 0) + 20 * MIB);
    expect(result.pieces.every(({ source }) => !source.includes('liar'))).toBe(true);
  });

  it('tells the evidence', async () => {
    const { rig } = await pullFrom(
      [{ id: 'hub' }, { id: 'liar', faults: inEveryPiece(60) }, { id: 'mirror' }],
      'large.bin',
    );
    const [event] = rig.eventsOf('source.doubted');
    expect(event).toMatchObject({ source: 'liar', file: 'large.bin', reason: 'set-aside' });
    expect(event?.endByte).toBe((event?.startByte ?? 0) + MIB);
    expect(event?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(event?.otherSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(event?.sha256).not.toBe(event?.otherSha256);
    expect(event?.others).toContain('hub');
  });

  it('honest sources are compared a little, and nobody is doubted', async () => {
    const { rig, result } = await pullFrom([{ id: 'hub' }, { id: 'mirror' }], 'large.bin');
    expect(result.sha256).toBe(sha256Of(large));
    expect(result.fetchedBytes).toBeGreaterThan(large.sizeBytes);
    expect(result.fetchedBytes).toBeLessThanOrEqual(large.sizeBytes * (1 + SPOT_SHARE));
    expect(rig.eventsOf('source.doubted')).toEqual([]);
  });

  it('a source alone is not compared with itself', async () => {
    const { result } = await pullFrom([{ id: 'hub' }], 'large.bin');
    expect(result.fetchedBytes).toBe(large.sizeBytes);
  });
});

describe('once the digest is wrong', () => {
  it('one wrong byte in the whole file is found, and its source alone is banned', async () => {
    const { rig, result } = await pullFrom([
      { id: 'hub', faults: [{ on: { host: 'cdn' }, fault: { type: 'slow', bytesPerSecond: 1e6 } }] },
      { id: 'liar', faults: wrongAt(5 * MIB + 9) },
      { id: 'mirror', faults: [{ on: { host: 'cdn' }, fault: { type: 'slow', bytesPerSecond: 1e6 } }] },
    ]);
    expect(result.sha256).toBe(sha256Of(big));
    expect(banned(rig).filter((source) => source !== 'liar')).toEqual([]);
  });

  it('the hub itself is found out by two mirrors', async () => {
    const { rig, result } = await pullFrom([
      { id: 'liar', faults: wrongAt(...[1, 5, 9, 13, 17, 21].map((at) => at * MIB + 3)) },
      { id: 'one' },
      { id: 'two' },
    ]);
    expect(result.sha256).toBe(sha256Of(big));
    expect(banned(rig).filter((source) => source !== 'liar')).toEqual([]);
  });

  it.each([
    ['the same way', 1, 1],
    ['each its own way', 1, 2],
  ])('two liars of three that lie %s lose against the hub', async (_way, first, second) => {
    const { rig, result } = await pullFrom([
      { id: 'hub' },
      { id: 'one', faults: inEveryPiece(25, first) },
      { id: 'two', faults: inEveryPiece(25, second) },
    ]);
    expect(result.sha256).toBe(sha256Of(big));
    expect(banned(rig)).not.toContain('hub');
  });

  it('two liars of three that agree on a single byte lose against an honest one', async () => {
    const faults = wrongAt(5 * MIB + 9);
    const { rig, result } = await pullFrom([{ id: 'one', faults }, { id: 'two', faults }, { id: 'honest' }]);
    expect(result.sha256).toBe(sha256Of(big));
    expect(banned(rig)).not.toContain('honest');
  });

  it('two liars of three lose also where the hub is one of them', async () => {
    const { rig, result } = await pullFrom([
      { id: 'hub', faults: inEveryPiece(25) },
      { id: 'one', faults: inEveryPiece(25) },
      { id: 'honest' },
    ]);
    expect(result.sha256).toBe(sha256Of(big));
    expect(banned(rig)).not.toContain('honest');
  });

  it('when all lie the same way, it ends with a clear error and nothing has landed', async () => {
    const faults = wrongAt(3 * MIB, 11 * MIB, 19 * MIB);
    const { rig, result } = await pullFrom(['hub', 'one', 'two'].map((id) => ({ id, faults })));
    expect(result.error?.code).toBe('DIGEST_MISMATCH');
    expect(result.error?.message).toContain(sha256Of(big));
    expect(await rig.assertBlobsRight()).toEqual([]);
    expect(banned(rig)).toEqual([]);
  });

  it('who lies only in long answers cannot hide behind the short ones that compare', async () => {
    // Hit only by requests that go on for two pieces more, which no question about a piece does.
    const faults: FaultRule[] = Array.from({ length: 22 }, (_, index) => ({
      on: { host: 'cdn', coversByte: (index + 2) * MIB },
      fault: { type: 'corrupt', atByte: index * MIB + 77 },
    }));
    const { rig, result } = await pullFrom([{ id: 'hub' }, { id: 'liar', faults }]);
    expect(result.sha256).toBe(sha256Of(big));
    expect(rig.eventsOf('piece.wrong').every(({ source }) => source.includes('liar'))).toBe(true);
    expect(banned(rig)).not.toContain('hub');
  });

  it.each([
    ['in each its own way', 1, 2],
    ['in all the same way, so that they agree', 1, 1],
  ])('a byte that flipped on the way, once, %s, costs its source nothing', async (_way, first, second) => {
    const once = (xor: number): FaultRule[] => [
      { on: { host: 'cdn', coversByte: 9 * MIB + 1, times: 1 }, fault: { type: 'corrupt', atByte: 9 * MIB + 1, xor } },
    ];
    const { rig, result } = await pullFrom([
      { id: 'hub', faults: once(first) },
      { id: 'mirror', faults: once(second) },
    ]);
    expect(result.sha256).toBe(sha256Of(big));
    expect(banned(rig)).toEqual([]);
    expect(doubted(rig, 'set-aside')).toEqual([]);
  });
});
