import { appendFile, readdir, truncate, readFile, writeFile, mkdir, stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { seededContent, seededRandom, toContent, wholeContent, type SimFiles } from '../../src/sim/index.js';
import { hub, isRight, MODEL, sha256OfFile } from './hub.js';
import { newMachine, sluice, startSluice, type Machine } from './harness.js';

const MIB = 2 ** 20;
/** `SLUICE_KILLS=100 npm test` for the long form. */
const KILLS = Number(process.env.SLUICE_KILLS ?? 12);
const FILES = { 'big.safetensors': seededContent({ seed: 'kill', sizeBytes: 48 * MIB + 7 }), 'config.json': '{}' };
const CONNECTIONS = 4;
const WEIGHT_BYTES = 32 * MIB + 7;
const LARGE_FILES_AT_ONCE = 3;

/** Blobs that are not what their name says. Those in `seen` were right before and are left out. */
async function wrongNames(machine: Machine, seen: Set<string>): Promise<readonly string[]> {
  const blobs = join(machine.home, 'blobs', 'sha256');
  const entries = await readdir(blobs, { recursive: true, withFileTypes: true }).catch(() => []);
  const wrong: string[] = [];
  for (const entry of entries) {
    if (!entry.isFile() || seen.has(entry.name)) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    if (createHash('sha256').update(bytes).digest('hex') === entry.name) seen.add(entry.name);
    else wrong.push(entry.name);
  }
  return wrong;
}

async function journals(machine: Machine): Promise<readonly string[]> {
  const folder = join(machine.home, 'partials');
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names.filter((name) => name.endsWith('journal')).map((name) => join(folder, name));
}

/** Cuts into the last record, and sometimes leaves half of another. */
async function tear(journal: string, random: () => number): Promise<void> {
  const { size } = await stat(journal);
  if (size <= 400) return;
  await truncate(journal, size - 1 - Math.floor(random() * 60));
  if (random() < 0.5) await appendFile(journal, '{"half a li');
}

/** A kill comes after about 8 MiB: enough weights for all of them, in pieces of 1 MiB. */
function weightsFor(kills: number): SimFiles {
  const count = Math.ceil((kills * 10 * MIB) / WEIGHT_BYTES);
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `model-${index}.safetensors`,
      seededContent({ seed: `kill ${index}`, sizeBytes: WEIGHT_BYTES }),
    ]),
  );
}

describe('kill -9 at any moment', () => {
  it.each([
    ['as it is', false],
    ["with the journal's last write torn", true],
  ])(
    'never leaves a wrong byte under a final name, and costs at most one piece per connection (%s)',
    async (_, torn) => {
      const files = weightsFor(KILLS);
      const sim = await hub({
        repositories: [{ id: 'acme/tiny', files }],
        network: { totalBytesPerSecond: 24 * MIB },
      });
      const machine = await newMachine({ HF_ENDPOINT: sim.url });
      const args = ['pull', 'acme/tiny', '--connections', String(CONNECTIONS)];
      const random = seededRandom(`kills ${torn}`);
      const seen = new Set<string>();
      let atWork = 0;
      for (let kill = 0; kill < KILLS; kill += 1) {
        const { child, done } = startSluice(machine, args);
        await sleep(200 + Math.floor(random() * 500));
        child.kill('SIGKILL');
        if ((await done).signal === 'SIGKILL') atWork += 1;
        expect(await wrongNames(machine, seen)).toEqual([]);
        if (torn) for (const journal of await journals(machine)) await tear(journal, random);
      }
      // Kills of a pull that was already over would prove nothing.
      expect(atWork).toBe(KILLS);
      const last = await sluice(machine, ...args);
      expect(last.code, last.stderr).toBe(0);
      for (const path of Object.keys(files))
        expect(await isRight(files, path, join(last.stdout.trim(), path))).toBe(true);
      // A torn journal forgets one piece more of each file. What the server wrote into sockets that died counts as sent, too.
      const perKill = (CONNECTIONS + (torn ? LARGE_FILES_AT_ONCE : 0)) * MIB;
      expect(sim.sentBytes).toBeLessThanOrEqual(Object.keys(files).length * WEIGHT_BYTES + KILLS * perKill + MIB);
    },
    240_000,
  );
});

describe('resuming', () => {
  it('goes on from another mirror, on another day', async () => {
    const repositories = [{ id: 'acme/tiny', files: FILES }];
    // Of the first everything comes but one piece: what of it is kept depends on no connection that dies with bytes on its way.
    const first = await hub({ repositories });
    first.faults.add({ on: { kind: ['resolve', 'cdn'] }, fault: { type: 'withhold', atByte: 20 * MIB } });
    const machine = await newMachine({ HF_ENDPOINT: first.url, SLUICE_NO_PROGRESS: '2s' });
    const broken = await sluice(machine, 'pull', 'acme/tiny');
    expect(broken.code, broken.stderr).toBe(7);
    const second = await hub({ repositories });
    const done = await sluice({ ...machine, env: { ...machine.env, HF_ENDPOINT: second.url } }, 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(0);
    expect(second.sentBytes).toBeLessThan(40 * MIB);
  });

  it('Ctrl-C ends within a second and keeps everything', async () => {
    const sim = await hub({
      repositories: [{ id: 'acme/tiny', files: FILES }],
      network: { totalBytesPerSecond: 16 * MIB },
    });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const { child, done } = startSluice(machine, ['pull', 'acme/tiny']);
    await expect.poll(() => sim.sentBytes, { timeout: 20_000, interval: 10 }).toBeGreaterThan(24 * MIB);
    const pressedMs = Date.now();
    child.kill('SIGINT');
    const ended = await done;
    expect(ended.code, ended.stderr).toBe(130);
    // The promise itself: one second.
    expect(Date.now() - pressedMs).toBeLessThan(1000);
    const before = sim.sentBytes;
    sim.setNetwork('clean');
    const again = await sluice(machine, 'pull', 'acme/tiny');
    expect(again.code, again.stderr).toBe(0);
    expect(sim.sentBytes - before).toBeLessThan(48 * MIB);
  });

  it('adopts what an old huggingface_hub left behind', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const path = 'model-00001-of-00002.safetensors';
    const blobs = join(machine.hfHome, 'hub', 'models--acme--tiny', 'blobs');
    await mkdir(blobs, { recursive: true });
    const half = wholeContent(toContent(MODEL[path]!)).subarray(0, 16 * MIB);
    await writeFile(join(blobs, `${sha256OfFile(MODEL, path)}.incomplete`), half);
    const done = await sluice(machine, 'pull', 'acme/tiny', '--include', path);
    expect(done.code, done.stderr).toBe(0);
    expect(await isRight(MODEL, path, join(done.stdout.trim(), path))).toBe(true);
    expect(sim.sentBytes).toBeLessThan(12 * MIB);
  });

  it('is not fooled by a foreign partial with wrong bytes', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const path = 'model-00001-of-00002.safetensors';
    const blobs = join(machine.hfHome, 'hub', 'models--acme--tiny', 'blobs');
    await mkdir(blobs, { recursive: true });
    await writeFile(join(blobs, `${sha256OfFile(MODEL, path)}.incomplete`), Buffer.alloc(16 * MIB, 7));
    const done = await sluice(machine, 'pull', 'acme/tiny', '--include', path);
    expect(done.code, done.stderr).toBe(0);
    expect(await isRight(MODEL, path, join(done.stdout.trim(), path))).toBe(true);
  });

  it('two pulls of the same thing at once fetch it once', async () => {
    const sim = await hub({ network: { totalBytesPerSecond: 16 * MIB } });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const both = await Promise.all([sluice(machine, 'pull', 'acme/tiny'), sluice(machine, 'pull', 'acme/tiny')]);
    expect(
      both.map(({ code }) => code),
      both.map(({ stderr }) => stderr).join('\n'),
    ).toEqual([0, 0]);
    expect(sim.sentBytes).toBeLessThan(1.1 * 33 * MIB);
  });
});
