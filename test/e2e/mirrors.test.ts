import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hub, isRight, MODEL } from './hub.js';
import { eventsOf, newMachine, sluice, type JsonEvent } from './harness.js';

const MIB = 2 ** 20;
const WEIGHT = 'model-00001-of-00002.safetensors';

describe('several mirrors', () => {
  it('give their pieces at the same time', async () => {
    const network = { connectionBytesPerSecond: 4 * MIB, totalBytesPerSecond: 8 * MIB };
    const [one, two] = [await hub({ network }), await hub({ network })];
    const machine = await newMachine({ HF_ENDPOINT: one.url });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--source', two.url, '--json');
    expect(done.code, done.stderr).toBe(0);
    for (const sim of [one, two]) expect(sim.sentBytes).toBeGreaterThan(4 * MIB);
    // Only the endpoint that was asked first is asked what the branch means.
    expect(two.requests.filter(({ kind }) => kind === 'info' || kind === 'tree')).toEqual([]);
  });

  it('one dies half-way: the other goes on', async () => {
    const one = await hub({ dieAfterBytes: 8 * MIB });
    const two = await hub({ network: { totalBytesPerSecond: 20 * MIB } });
    const machine = await newMachine({ HF_ENDPOINT: one.url });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--source', two.url);
    expect(done.code, done.stderr).toBe(0);
    expect(await isRight(MODEL, WEIGHT, join(done.stdout.trim(), WEIGHT))).toBe(true);
  });

  it('one lies: it is named and banned, and the file is right', async () => {
    // Some of its pieces are wrong, whichever it is asked for.
    const faults = [3, 7, 11, 15, 19, 23].map((mib) => ({
      on: { path: /./, coversByte: mib * MIB },
      fault: { type: 'corrupt' as const, atByte: mib * MIB },
    }));
    const liar = await hub({ faults });
    const honest = await hub({ network: { totalBytesPerSecond: 8 * MIB } });
    const machine = await newMachine({ HF_ENDPOINT: liar.url });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--source', honest.url, '--json');
    expect(done.code, done.stderr).toBe(0);
    const banned = eventsOf(done).filter((event: JsonEvent) => event.type === 'source.banned');
    expect(banned.map(({ source }) => source)).toEqual([new URL(liar.url).host]);
    const ended = eventsOf(done).find(({ type }) => type === 'pull.done');
    expect(await isRight(MODEL, WEIGHT, join(String(ended?.path), WEIGHT))).toBe(true);
  });

  it('one lacks the repository: the other is asked', async () => {
    const empty = await hub({ repositories: [] });
    const full = await hub();
    const machine = await newMachine({ HF_ENDPOINT: empty.url });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--source', full.url);
    expect(done.code, done.stderr).toBe(0);
  });
});
