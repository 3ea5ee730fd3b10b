import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededContent, type SimFiles } from '../../src/sim/index.js';
import { smallDisk } from './disk.js';
import { contentRequests, hub, isRight } from './hub.js';
import { eventsOf, newMachine, sluice, sluiceWith, startSluice } from './harness.js';

const MIB = 2 ** 20;
const COUNT = 300;
/** Some as git has them, some in LFS, which come from another host. */
const FILES: SimFiles = Object.fromEntries(
  Array.from({ length: COUNT }, (_, index) => [
    index % 10 === 0 ? `images/${index}.bin` : `data/${index % 9}/${index}.json`,
    seededContent({ seed: `small ${index}`, sizeBytes: 5000 + index * 300 }),
  ]),
);
const BYTES = 5000 * COUNT + (300 * COUNT * (COUNT - 1)) / 2;
const many = [{ id: 'acme/many', files: FILES }];

async function expectAll(folder: string): Promise<void> {
  for (const path of Object.keys(FILES)) expect(await isRight(FILES, path, join(folder, path)), path).toBe(true);
}

describe('many small files', () => {
  // Each view a test, with time of its own.
  it.each([
    ['the cache', []],
    ['a folder', ['--to', 'flat']],
    ["ModelScope's view", ['--view', 'modelscope']],
    ["the repository's", ['--view', 'repository']],
  ])('come right by about one request each, into %s', async (_, args) => {
    const sim = await hub({ repositories: many });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const done = await sluice(machine, 'pull', 'hf:acme/many', ...args, '--json');
    expect(done.code, done.stderr).toBe(0);
    const events = eventsOf(done);
    expect(events.filter(({ type }) => type === 'file.proven')).toHaveLength(COUNT);
    expect(contentRequests(sim)).toBeLessThan(COUNT * 1.6);
    const end = events.find(({ type }) => type === 'pull.done');
    expect(end).toMatchObject({ files: COUNT, bytes: BYTES, fetchedBytes: BYTES });
    await expectAll(String(end?.path).startsWith('/') ? String(end?.path) : join(machine.root, String(end?.path)));
    const again = await sluice(machine, 'pull', 'hf:acme/many', ...args, '--json');
    expect(eventsOf(again).find(({ type }) => type === 'pull.done')).toMatchObject({ fetchedBytes: 0 });
  });

  it.each(['SIGKILL', 'SIGINT'] as const)(
    '%s midway: what came is kept, and only the rest is asked for',
    async (signal) => {
      const sim = await hub({ repositories: many, network: { totalBytesPerSecond: 6 * MIB } });
      const machine = await newMachine({ HF_ENDPOINT: sim.url });
      const { child, done } = startSluice(machine, ['pull', 'hf:acme/many', '--json']);
      let said = '';
      child.stdout?.on('data', (text: string) => (said += text));
      // What was sent may still be on its way to a busy program: what it has counts.
      const arrived = (): number => said.split('"file.proven"').length - 1;
      await expect.poll(arrived, { timeout: 20_000, interval: 10 }).toBeGreaterThan(COUNT / 4);
      child.kill(signal);
      const ended = await done;
      expect([ended.code, ended.signal]).toEqual(signal === 'SIGINT' ? [130, null] : [null, 'SIGKILL']);
      const proven = eventsOf({ ...ended, stdout: ended.stdout.replace(/\n[^\n]*$/, '\n') }).filter(
        ({ type }) => type === 'file.proven',
      ).length;
      expect(proven).toBeGreaterThan(0);
      expect(proven).toBeLessThan(COUNT);
      const rest = await sluice(machine, 'pull', 'hf:acme/many', '--json');
      expect(rest.code, rest.stderr).toBe(0);
      const end = eventsOf(rest).find(({ type }) => type === 'pull.done');
      expect(eventsOf(rest).filter(({ type }) => type === 'file.started').length).toBeLessThanOrEqual(COUNT - proven);
      expect(Number(end?.fetchedBytes)).toBeLessThan(BYTES);
      await expectAll(String(end?.path));
    },
  );

  it('a disk that fills midway: 8, what came is kept, and the rest comes when there is room', async (test) => {
    const disk = await smallDisk(110);
    if (typeof disk === 'string') {
      process.stderr.write(`SKIPPED: ${disk}\n`);
      return test.skip(disk);
    }
    const sim = await hub({ repositories: many, network: { totalBytesPerSecond: 6 * MIB } });
    const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_HOME: join(disk.folder, 'store') });
    const { done } = startSluice(machine, ['pull', 'hf:acme/many', '--json'], disk);
    await expect.poll(() => sim.sentBytes, { timeout: 20_000 }).toBeGreaterThan(BYTES / 3);
    await disk.fill();
    const full = await done;
    expect(full.code, full.stderr).toBe(8);
    await disk.clear();
    const rest = await sluiceWith(machine, disk, 'pull', 'hf:acme/many', '--json');
    expect(rest.code, rest.stderr).toBe(0);
    const end = eventsOf(rest).find(({ type }) => type === 'pull.done');
    expect(Number(end?.fetchedBytes)).toBeLessThan(BYTES);
    expect(Number(end?.fetchedBytes)).toBeGreaterThan(0);
  });

  it('a limit holds for all threads together', async () => {
    const sim = await hub({ repositories: many });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const done = await sluice(machine, 'pull', 'hf:acme/many', '--limit', '6MiB/s', '--json');
    expect(done.code, done.stderr).toBe(0);
    const end = eventsOf(done).find(({ type }) => type === 'pull.done');
    // A little may come at once after a pause; much less time would mean that a thread is not held.
    expect(Number(end?.ms)).toBeGreaterThan((BYTES / (6 * MIB)) * 1000 * 0.8);
  });
});
