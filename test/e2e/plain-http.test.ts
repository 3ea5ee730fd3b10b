import { readdir } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededContent, sha256Of, toContent, type Fault, type SimFiles } from '../../src/sim/index.js';
import { hub, isRight } from './hub.js';
import { newMachine, sluice, startSluice } from './harness.js';

const MIB = 2 ** 20;
const FILES: SimFiles = {
  'w.bin': seededContent({ seed: 'plain', sizeBytes: 12 * MIB + 9 }),
  'small.txt': 'small\n',
};
const PLAIN = { kind: 'plain' } as const;

async function digestOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

describe('a plain web server', () => {
  it.each<[string, Fault]>([
    ['tells no length (chunked)', { type: 'no-length', style: 'chunked' }],
    ['tells no length (ends by closing)', { type: 'no-length', style: 'close' }],
    ['ignores ranges', { type: 'ignore-range' }],
    ['refuses ranges', { type: 'headers', headers: { 'accept-ranges': 'none' } }],
    ['has no validators', { type: 'headers', headers: { etag: undefined, 'last-modified': undefined } }],
  ])('that %s: every file is right', async (_, fault) => {
    const sim = await hub({ folders: { pub: FILES }, faults: [{ on: PLAIN, fault }] });
    const machine = await newMachine();
    for (const name of Object.keys(FILES)) {
      const done = await sluice(machine, 'pull', `${sim.url}/files/pub/${name}`, '--to', 'out');
      expect(done.code, done.stderr).toBe(0);
      expect(await isRight(FILES, name, join(machine.root, 'out', name)), name).toBe(true);
    }
  });

  it('that breaks off now and then, and ignores ranges: right, or 7 and nothing', async () => {
    const sim = await hub({ folders: { pub: FILES } });
    sim.faults.add({ on: PLAIN, fault: { type: 'ignore-range' } });
    sim.faults.add({ on: { ...PLAIN, skip: 1, times: 2 }, fault: { type: 'end-early', afterBytes: 3 * MIB } });
    const machine = await newMachine();
    const done = await sluice(machine, 'pull', `${sim.url}/files/pub/w.bin`, '--to', 'out');
    expect(done.code, done.stderr).toBe(0);
    expect(await isRight(FILES, 'w.bin', join(machine.root, 'out', 'w.bin'))).toBe(true);
  });

  it('a file without any digest goes on across runs while its ETag is the same', async () => {
    // Silent, not dead: what the system has taken in for a busy program is lost with a connection that is reset.
    const sim = await hub({ folders: { pub: FILES }, silentAfterBytes: 7 * MIB });
    const machine = await newMachine({ SLUICE_NO_PROGRESS: '2s' });
    const broken = await sluice(machine, 'pull', `${sim.url}/files/pub/w.bin`, '--to', 'out', '--connections', '2');
    expect(broken.code, broken.stderr).toBe(7);
    expect(await readdir(join(machine.root, 'out')).catch(() => [])).toEqual([]);
    const before = sim.sentBytes;
    sim.speak();
    const done = await sluice(machine, 'pull', `${sim.url}/files/pub/w.bin`, '--to', 'out');
    expect(done.code, done.stderr).toBe(0);
    expect(sim.sentBytes - before).toBeLessThan(8 * MIB);
    expect(await isRight(FILES, 'w.bin', join(machine.root, 'out', 'w.bin'))).toBe(true);
    expect(done.stderr).toContain('no digest');
  });

  it('and starts over when the ETag is another', async () => {
    const sim = await hub({ folders: { pub: FILES }, dieAfterBytes: 7 * MIB });
    const machine = await newMachine({ SLUICE_NO_PROGRESS: '1s' });
    expect((await sluice(machine, 'pull', `${sim.url}/files/pub/w.bin`, '--to', 'out')).code).toBe(7);
    await sim.revive();
    const content = seededContent({ seed: 'plain 2', sizeBytes: 12 * MIB + 9 });
    sim.faults.add({ on: PLAIN, fault: { type: 'changed', content, etag: 'another' } });
    const done = await sluice(machine, 'pull', `${sim.url}/files/pub/w.bin`, '--to', 'out');
    expect(done.code, done.stderr).toBe(0);
    expect(await digestOf(join(machine.root, 'out', 'w.bin'))).toBe(sha256Of(content));
  });

  it('SHA256SUMS with a wrong digest: 5, no such file, the others are kept for the next time', async () => {
    const good = sha256Of(toContent(FILES['w.bin']!));
    const list = `${good}  w.bin\n${'0'.repeat(64)}  small.txt\n`;
    const sim = await hub({ folders: { pub: { ...FILES, SHA256SUMS: list } } });
    const machine = await newMachine();
    const done = await sluice(machine, 'pull', `${sim.url}/files/pub/SHA256SUMS`, '--to', 'out');
    expect(done.code, done.stderr).toBe(5);
    expect(done.stderr).toContain('small.txt');
    expect(await readdir(join(machine.root, 'out')).catch(() => [])).not.toContain('small.txt');
    const before = sim.sentBytes;
    await sluice(machine, 'pull', `${sim.url}/files/pub/SHA256SUMS`, '--to', 'out');
    expect(sim.sentBytes - before).toBeLessThan(MIB);
  });
});

describe('content that changes in the middle, with nothing to prove it by', () => {
  it.each<[string, number, string | undefined]>([
    ['another ETag, the same size', 0, 'new'],
    ['another ETag, another size', 5000, 'new'],
    ['another ETag at every request', 0, undefined],
    ['no validators at all, the same size', 0, ''],
  ])('%s: all old, all new, or 5; never a mixture', async (_, moreBytes, etag) => {
    const sim = await hub({ folders: { pub: FILES }, network: { totalBytesPerSecond: 10 * MIB } });
    const content = seededContent({ seed: 'swapped', sizeBytes: 12 * MIB + 9 + moreBytes });
    const hidden: Fault = { type: 'headers', headers: { etag: undefined, 'last-modified': undefined } };
    if (etag === '') sim.faults.add({ on: PLAIN, fault: hidden });
    const machine = await newMachine({ SLUICE_NO_PROGRESS: '5s' });
    const { done } = startSluice(machine, ['pull', `${sim.url}/files/pub/w.bin`, '--to', 'out', '--connections', '4']);
    await expect.poll(() => sim.sentBytes, { timeout: 10_000 }).toBeGreaterThan(4 * MIB);
    if (etag === undefined) {
      for (let skip = 0; skip < 60; skip += 1) {
        sim.faults.add({ on: { ...PLAIN, skip, times: 1 }, fault: { type: 'changed', content, etag: `e${skip}` } });
      }
    } else {
      sim.faults.clear();
      sim.faults.add({ on: PLAIN, fault: { type: 'changed', content, etag } });
      if (etag === '') sim.faults.add({ on: PLAIN, fault: hidden });
    }
    const ended = await done;
    expect([0, 5], ended.stderr).toContain(ended.code);
    const versions = [sha256Of(toContent(FILES['w.bin']!)), sha256Of(content)];
    const landed = await readdir(join(machine.root, 'out')).catch(() => []);
    if (ended.code === 0) expect(versions).toContain(await digestOf(join(machine.root, 'out', 'w.bin')));
    else expect(landed).toEqual([]);
    sim.faults.clear();
    sim.setNetwork('clean');
    sim.faults.add({ on: PLAIN, fault: { type: 'changed', content, etag: 'settled' } });
    const again = await sluice(machine, 'pull', `${sim.url}/files/pub/w.bin`, '--to', 'out');
    expect(again.code, again.stderr).toBe(0);
    expect(await digestOf(join(machine.root, 'out', 'w.bin'))).toBe(versions[1]);
  });
});
