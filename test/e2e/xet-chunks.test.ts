import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { joinContent, seededContent, type Content, type SimFiles } from '../../src/sim/index.js';
import { eventsOf, newMachine, sluice, withEnv, type Finished, type Machine } from './harness.js';
import { hub, isRight, sha256OfFile } from './hub.js';

const MIB = 2 ** 20;
const SIZE = 40 * MIB;
const WEIGHT = 'model.safetensors';
const BASE = seededContent({ seed: 'chunks', sizeBytes: SIZE, style: 'bf16' });
const xet = { maxXorbBytes: 8 * MIB };

/** The same with 1 MiB written anew in two places: 5 %. */
function changed(seed: string): Content {
  const anew = (name: string): Content => seededContent({ seed: `${seed} ${name}`, sizeBytes: MIB, style: 'bf16' });
  const kept = (from: number, to: number): Content => ({
    sizeBytes: to - from,
    read: (offset, length) => BASE.read(from + offset, length),
  });
  return joinContent([kept(0, 9 * MIB), anew('one'), kept(10 * MIB, 29 * MIB), anew('two'), kept(30 * MIB, SIZE)]);
}

const FIRST: SimFiles = { [WEIGHT]: BASE };
const SECOND: SimFiles = { [WEIGHT]: changed('second') };

async function pulled(machine: Machine, files: SimFiles, ...args: readonly string[]): Promise<Finished> {
  const done = await sluice(machine, 'pull', ...args, '--json');
  expect(done.code, done.stderr).toBe(0);
  const ended = eventsOf(done).find(({ type }) => type === 'pull.done');
  expect(await isRight(files, WEIGHT, join(String(ended?.path), WEIGHT))).toBe(true);
  return done;
}

const ending = (done: Finished): Record<string, unknown> =>
  eventsOf(done).find(({ type }) => type === 'pull.done') ?? {};
const checks = (done: Finished): unknown => eventsOf(done).find(({ type }) => type === 'file.proven')?.checks;

describe('chunks of files that came by Xet', () => {
  it.each(['only', 'auto'])('are not fetched again for a revision that differs in 5 %% (%s)', async (mode) => {
    const sim = await hub({ repositories: [{ id: 'acme/tiny', files: FIRST }], xet });
    const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_HF_XET: 'only' });
    const first = await pulled(machine, FIRST, 'acme/tiny');
    expect(ending(first)).toMatchObject({ copiedBytes: 0 });
    sim.update('acme/tiny', SECOND);
    const before = sim.sentBytes;
    const second = await pulled(withEnv(machine, { SLUICE_HF_XET: mode }), SECOND, 'acme/tiny');
    expect(sim.sentBytes - before).toBeLessThan(0.1 * SIZE);
    const { copiedBytes, fetchedBytes } = ending(second) as { copiedBytes: number; fetchedBytes: number };
    expect(copiedBytes).toBeGreaterThan(0.9 * SIZE);
    expect(fetchedBytes).toBeLessThan(0.1 * SIZE);
    expect(checks(second)).toEqual(['sha256', 'xet']);
    const story = await sluice(machine, 'explain', 'acme/tiny');
    expect(story.stdout).toMatch(/3\d\.\d MB from files that were here · proven by SHA-256, Xet file id/);
    const again = await sluice(machine, 'pull', 'acme/tiny');
    expect(again.code).toBe(0);
  });

  it('serve another model too, and are fetched when the file that had them was damaged or removed', async () => {
    const repositories = [
      { id: 'acme/tiny', files: FIRST },
      { id: 'acme/tuned', files: SECOND },
      { id: 'acme/third', files: { [WEIGHT]: changed('third') } },
    ];
    const sim = await hub({ repositories, xet });
    const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_HF_XET: 'only' });
    await pulled(machine, FIRST, 'acme/tiny');
    const blob = join(
      machine.home,
      'blobs',
      'sha256',
      sha256OfFile(FIRST, WEIGHT).slice(0, 2),
      sha256OfFile(FIRST, WEIGHT),
    );
    const tuned = await pulled(machine, SECOND, 'acme/tuned');
    expect(ending(tuned).copiedBytes).toBeGreaterThan(0.9 * SIZE);
    await rm(blob);
    const names = await readdir(join(machine.home, 'blobs'), { recursive: true });
    for (const name of names.filter((each) => each.endsWith(sha256OfFile(SECOND, WEIGHT))))
      await rm(join(machine.home, 'blobs', name));
    const third = await pulled(machine, repositories[2]!.files, 'acme/third');
    expect(ending(third)).toMatchObject({ copiedBytes: 0 });
  });

  it('go with their file', async () => {
    const sim = await hub({ repositories: [{ id: 'acme/tiny', files: FIRST }], xet });
    const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_HF_XET: 'only' });
    await pulled(machine, FIRST, 'acme/tiny');
    const lists = async (): Promise<readonly string[]> =>
      (await readdir(join(machine.home, 'chunks'), { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map(({ name }) => name);
    expect(await lists()).toEqual([sha256OfFile(FIRST, WEIGHT)]);
  });
});

describe('the id of a file in Xet storage', () => {
  const OTHER = changed('other');
  const files: SimFiles = { [WEIGHT]: BASE, 'other.safetensors': OTHER };

  it('is proven where all of it came by chunks, and only then', async () => {
    const sim = await hub({ repositories: [{ id: 'acme/tiny', files: FIRST }], xet });
    const only = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_HF_XET: 'only' });
    expect(checks(await pulled(only, FIRST, 'acme/tiny'))).toEqual(['sha256', 'xet']);
    const off = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_HF_XET: 'off' });
    expect(checks(await pulled(off, FIRST, 'acme/tiny'))).toEqual(['sha256']);
  });

  it('clears nothing when it is that of other content', async () => {
    const sim = await hub({ repositories: [{ id: 'acme/tiny', files }], xet });
    interface Entry {
      readonly path: string;
      readonly xetHash?: string;
    }
    const misled = (value: unknown): unknown => {
      const list = value as readonly Entry[];
      const other = list.find(({ path }) => path === 'other.safetensors');
      return list.map((entry) => (entry.path === WEIGHT ? { ...entry, xetHash: other?.xetHash } : entry));
    };
    sim.faults.add({ on: { kind: 'tree' }, fault: { type: 'edit-json', edit: misled } });
    const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_HF_XET: 'only' });
    // Its chunks are here then, and would be copied.
    expect((await sluice(machine, 'pull', 'acme/tiny', '--include', 'other.safetensors')).code).toBe(0);
    const wrong = await sluice(machine, 'pull', 'acme/tiny', '--include', WEIGHT);
    expect(wrong.code, wrong.stderr).toBe(5);
    expect(wrong.stderr).toContain(sha256OfFile(files, WEIGHT).slice(0, 12));
    await pulled(withEnv(machine, { SLUICE_HF_XET: 'auto' }), files, 'acme/tiny', '--include', WEIGHT);
  });
});
