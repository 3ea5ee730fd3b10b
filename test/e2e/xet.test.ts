import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededContent, type Sim, type SimFiles } from '../../src/sim/index.js';
import { eventsOf, newMachine, sluice, startSluice, withEnv, type Finished } from './harness.js';
import { hub, isRight, sha256OfFile } from './hub.js';

const MIB = 2 ** 20;
const WEIGHT = 'model.safetensors';
const FILES: SimFiles = {
  'config.json': '{"model_type":"tiny"}\n',
  [WEIGHT]: seededContent({ seed: 'xet', sizeBytes: 40 * MIB + 12_345, style: 'bf16' }),
};
const repositories = [{ id: 'acme/tiny', files: FILES }];
const xet = { maxXorbBytes: 8 * MIB };

const requestsOf = (sim: Sim, ...kinds: readonly string[]): number =>
  sim.requests.filter(({ kind, path }) => kinds.includes(kind) && path !== 'config.json').length;

async function expectRight(done: Finished): Promise<void> {
  expect(done.code, done.stderr).toBe(0);
  const ended = eventsOf(done).find(({ type }) => type === 'pull.done');
  expect(await isRight(FILES, WEIGHT, join(String(ended?.path), WEIGHT))).toBe(true);
}

describe('files that a hub keeps in Xet storage', () => {
  it('come by its chunks alone when that is asked for', async () => {
    const sim = await hub({ repositories, xet });
    const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_HF_XET: 'only' });
    await expectRight(await sluice(machine, 'pull', 'acme/tiny', '--json'));
    expect(requestsOf(sim, 'xorb')).toBeGreaterThan(4);
    expect(requestsOf(sim, 'xet-token')).toBe(1);
    expect(requestsOf(sim, 'resolve', 'cdn')).toBe(0);
  });

  it('come both ways at once, and not by chunks when those are off', async () => {
    const slow = { connectionBytesPerSecond: 3 * MIB };
    const sim = await hub({ repositories, xet, network: slow });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    await expectRight(await sluice(machine, 'pull', 'acme/tiny', '--json'));
    expect(requestsOf(sim, 'xorb')).toBeGreaterThan(0);
    expect(requestsOf(sim, 'cdn')).toBeGreaterThan(0);
    const plain = await hub({ repositories, xet });
    const other = await newMachine({ HF_ENDPOINT: plain.url, SLUICE_HF_XET: 'off' });
    await expectRight(await sluice(other, 'pull', 'acme/tiny', '--json'));
    expect(requestsOf(plain, 'xorb', 'xet-token', 'xet-reconstruction')).toBe(0);
  });

  it.each([
    ['is down', { on: { kind: 'xet-token' as const }, fault: { type: 'status' as const, status: 503 } }],
    [
      'gives xorbs that end early',
      { on: { kind: 'xorb' as const }, fault: { type: 'end-early' as const, afterBytes: 100_000 } },
    ],
    ['forbids its xorbs', { on: { kind: 'xorb' as const }, fault: { type: 'status' as const, status: 403 } }],
  ])('come by plain ranges when the storage %s', async (_, rule) => {
    const sim = await hub({ repositories, xet, faults: [rule] });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    await expectRight(await sluice(machine, 'pull', 'acme/tiny', '--json'));
    expect(requestsOf(sim, 'cdn')).toBeGreaterThan(0);
  });

  it('do not land with wrong chunks, and land when plain ranges may be asked too', async () => {
    const sim = await hub({ repositories, xet });
    for (let mib = 1; mib < 40; mib += 3) {
      const { xorb, chunk } = sim.xetPlace('acme/tiny', WEIGHT, mib * MIB);
      const on = { kind: 'xorb' as const, path: new RegExp(xorb) };
      sim.faults.add({ on, fault: { type: 'xorb-chunk', chunk, damage: 'bytes' } });
    }
    const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_HF_XET: 'only' });
    const wrong = await sluice(machine, 'pull', 'acme/tiny');
    expect(wrong.code).toBe(5);
    const names = await readdir(join(machine.home, 'blobs'), { recursive: true });
    expect(names.filter((name) => name.endsWith(sha256OfFile(FILES, WEIGHT)))).toEqual([]);
    await expectRight(await sluice(withEnv(machine, { SLUICE_HF_XET: 'auto' }), 'pull', 'acme/tiny', '--json'));
  });

  it('come by plain ranges while the storage is away, and by chunks again when it is back', async () => {
    const sim = await hub({ repositories, xet: { maxXorbBytes: 2 * MIB } });
    // Alone plain ranges would take all day; before anything of a xorb has come nothing is broken.
    sim.faults.add({ on: { kind: 'cdn' }, fault: { type: 'slow', bytesPerSecond: MIB / 4 } });
    const slow = sim.faults.add({ on: { kind: 'xorb' }, fault: { type: 'slow', bytesPerSecond: 2 * MIB } });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const { done } = startSluice(machine, ['pull', 'acme/tiny', '--json']);
    const served = (kind: string): number => sim.requests.filter((each) => each.kind === kind && each.bytes > MIB / 8).length; // prettier-ignore
    const until = async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await until(() => served('xorb') > 0);
    const kinds = ['xorb', 'xet-token', 'xet-reconstruction'] as const;
    const away = sim.faults.add({ on: { kind: kinds }, fault: { type: 'status', status: 503 } });
    // Its answers under way end badly too.
    const cut = sim.faults.add({ on: { kind: 'xorb' }, fault: { type: 'reset', afterBytes: 0 } });
    await until(() => away.hits > 0);
    const plainBefore = served('cdn');
    await until(() => served('cdn') > plainBefore);
    for (const fault of [away, cut, slow]) fault.remove();
    const before = served('xorb');
    await expectRight(await done);
    expect(served('xorb')).toBeGreaterThan(before);
  });

  it('go on by plain ranges where a pull by chunks was killed', async () => {
    const sim = await hub({ repositories, xet, network: { totalBytesPerSecond: 16 * MIB } });
    const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_HF_XET: 'only' });
    const { child, done } = startSluice(machine, ['pull', 'acme/tiny', '--json']);
    let said = '';
    child.stdout?.on('data', (text: string) => (said += text));
    // What was sent may still be on its way to a busy program: what it has counts.
    const landed = (): number => said.split('"piece.landed"').length - 1;
    await expect.poll(landed, { timeout: 20_000, interval: 10 }).toBeGreaterThanOrEqual(12);
    child.kill('SIGKILL');
    await done;
    const before = sim.sentBytes;
    const plain = withEnv(machine, { SLUICE_HF_XET: 'off' });
    await expectRight(await sluice(plain, 'pull', 'acme/tiny', '--json'));
    expect(sim.sentBytes - before).toBeLessThan(36 * MIB);
  });
});
