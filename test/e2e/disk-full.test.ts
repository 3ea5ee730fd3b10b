import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { seededContent } from '../../src/sim/index.js';
import { smallDisk, type Disk } from './disk.js';
import { contentRequests, hub, isRight, MODEL, sha256OfFile } from './hub.js';
import { eventsOf, newMachine, sluiceWith, startSluice, withEnv } from './harness.js';

const MIB = 2 ** 20;
const run = promisify(execFile);

/** The disk, or a skipped test and the reason on the screen. */
async function diskOf(sizeMib: number, skip: (reason: string) => never): Promise<Disk> {
  const disk = await smallDisk(sizeMib);
  if (typeof disk !== 'string') return disk;
  process.stderr.write(`SKIPPED: ${disk}\n`);
  return skip(disk);
}

/** The digest of a file as the program sees it: absolute symlinks lead to the disk only from within. */
async function sha256In(disk: Disk, path: string): Promise<string | undefined> {
  const { stdout } = await run(disk.wrap[0] ?? '', [...disk.wrap.slice(1), 'sha256sum', path]);
  return stdout.split(' ')[0];
}

/** Pieces of 1 MiB that came. */
function landedIn(events: string): number {
  return events.split('"piece.landed"').length - 1;
}

describe('a small disk', () => {
  it('that cannot take the model: refused before the first byte, with what is needed and what is free', async (test) => {
    const disk = await diskOf(32, test.skip);
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_HOME: join(disk.folder, 'store') });
    const done = await sluiceWith(machine, disk, 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(8);
    expect(done.stderr).toMatch(/\d MB needed, \d+\.?\d* MB free/);
    expect(done.stderr).toContain(join(disk.folder, 'store'));
    expect(done.stderr).toContain('SLUICE_HOME');
    expect(contentRequests(sim)).toBe(0);
    expect(sim.sentBytes).toBeLessThan(MIB);
  });

  it.for([
    ['not reserved', 40],
    ['reserved', 72],
  ] as const)(
    'that somebody else fills mid-way: 8, all kept, goes on when there is room (space %s)',
    async ([, sizeMib], test) => {
      const disk = await diskOf(sizeMib + 80, test.skip);
      const files = { 'big.safetensors': seededContent({ seed: 'full', sizeBytes: sizeMib * MIB + 5 }) };
      const sim = await hub({
        repositories: [{ id: 'acme/tiny', files }],
        network: { totalBytesPerSecond: 20 * MIB },
      });
      const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_HOME: join(disk.folder, 'store') });
      const { child, done } = startSluice(machine, ['pull', 'acme/tiny', '--json'], disk);
      let said = '';
      child.stdout?.on('data', (text: string) => (said += text));
      await expect.poll(() => landedIn(said), { timeout: 20_000 }).toBeGreaterThanOrEqual(16);
      expect(await disk.fill()).toBeGreaterThan(MIB);
      const full = await done;
      expect(full.code, full.stderr).toBe(8);
      await disk.clear();
      const before = sim.sentBytes;
      sim.setNetwork('clean');
      const again = await sluiceWith(machine, disk, 'pull', 'acme/tiny', '--json');
      expect(again.code, again.stderr).toBe(0);
      expect(landedIn(again.stdout)).toBeLessThanOrEqual(sizeMib + 1 - 16);
      expect(sim.sentBytes - before).toBeLessThan((sizeMib - 4) * MIB);
      const path = String(eventsOf(again).find(({ type }) => type === 'pull.done')?.path);
      expect(await sha256In(disk, join(path, 'big.safetensors'))).toBe(sha256OfFile(files, 'big.safetensors'));
    },
  );

  it('that somebody else fills while small files come: 8, what is stored is right, and goes on when there is room', async (test) => {
    const disk = await diskOf(140, test.skip);
    const files = Object.fromEntries(
      Array.from({ length: 400 }, (_, index) => [
        `${index % 20}/${index}.json`,
        seededContent({ seed: `small ${index}`, sizeBytes: 100_000 + index }),
      ]),
    );
    const sim = await hub({
      repositories: [{ id: 'acme/tiny', files }],
      network: { totalBytesPerSecond: 10 * MIB },
    });
    const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_HOME: join(disk.folder, 'store') });
    const { done } = startSluice(machine, ['pull', 'acme/tiny'], disk);
    // More than all connections and what waits for the disk can hold together, so that some is kept.
    await expect.poll(() => sim.sentBytes, { timeout: 20_000 }).toBeGreaterThan(12 * MIB);
    expect(await disk.fill()).toBeGreaterThan(MIB);
    const full = await done;
    expect(full.code, full.stderr).toBe(8);
    await disk.clear();
    const { stdout } = await run(disk.wrap[0] ?? '', [
      ...disk.wrap.slice(1),
      ...['sh', '-c', 'cd "$1" && find . -type f -exec sha256sum {} +; find ../../tmp -type f', 'sh'],
      join(disk.folder, 'store', 'blobs', 'sha256'),
    ]);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) expect(line).toMatch(/^([0-9a-f]{64}) {2}\.\/[0-9a-f]{2}\/\1$/);
    const before = sim.sentBytes;
    sim.setNetwork('clean');
    const again = await sluiceWith(machine, disk, 'pull', 'acme/tiny', '--json');
    expect(again.code, again.stderr).toBe(0);
    expect(sim.sentBytes - before).toBeLessThan((400 - lines.length + 5) * 110_000);
    const path = String(eventsOf(again).find(({ type }) => type === 'pull.done')?.path);
    expect(await sha256In(disk, join(path, '7/7.json'))).toBe(sha256OfFile(files, '7/7.json'));
  });

  it('for the store alone: the view links there instead of copying, and says so', async (test) => {
    const disk = await diskOf(150, test.skip);
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_HOME: join(disk.folder, 'store') });
    const done = await sluiceWith(machine, disk, 'pull', 'acme/tiny', '--json');
    expect(done.code, done.stderr).toBe(0);
    const landed = eventsOf(done).find(({ type }) => type === 'view.landed');
    expect(landed?.methods).toEqual({ symlink: Object.keys(MODEL).length });
    for (const path of Object.keys(MODEL)) {
      expect(await sha256In(disk, join(String(landed?.path), path)), path).toBe(sha256OfFile(MODEL, path));
    }
    const told = await sluiceWith(machine, disk, 'pull', 'acme/tiny', '--to', join(machine.root, 'flat'));
    expect(told.code, told.stderr).toBe(0);
    expect(told.stderr).toMatch(/symlink|link/i);
  });

  it('for the cache alone: every file of it is right', async (test) => {
    const disk = await diskOf(150, test.skip);
    const sim = await hub();
    const machine = withEnv(await newMachine({ HF_ENDPOINT: sim.url }), { HF_HOME: join(disk.folder, 'hf') });
    const done = await sluiceWith(machine, disk, 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(0);
    expect(
      await isRight(
        MODEL,
        'config.json',
        join(
          machine.home,
          'blobs/sha256',
          sha256OfFile(MODEL, 'config.json').slice(0, 2),
          sha256OfFile(MODEL, 'config.json'),
        ),
      ),
    ).toBe(true);
    for (const path of Object.keys(MODEL)) {
      expect(await sha256In(disk, join(done.stdout.trim(), path)), path).toBe(sha256OfFile(MODEL, path));
    }
  });
});
