import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventsOf, newMachine, sluice } from './harness.js';
import { hub, isRight, MODEL, sha256OfFile } from './hub.js';

const MIB = 2 ** 20;
const WEIGHT = 'model-00001-of-00002.safetensors';

/** A list that one machine made of what it pulled. */
async function listOf(url: string): Promise<string> {
  const machine = await newMachine({ HF_ENDPOINT: url });
  expect((await sluice(machine, 'pull', 'acme/tiny')).code).toBe(0);
  const list = join(machine.root, 'pieces.json');
  const verified = await sluice(machine, 'verify', 'hf:acme/tiny', '--pieces', list);
  expect(verified.code, verified.stderr).toBe(0);
  return list;
}

describe('a piece list', () => {
  it('proves every piece as it lands: a liar is found at its first wrong piece', async () => {
    const honest = await hub({ network: { totalBytesPerSecond: 8 * MIB } });
    const list = await listOf(honest.url);
    const at = [3, 7, 11, 15, 19, 23].map((mib) => mib * MIB);
    const faults = at.map((atByte) => ({
      on: { path: /./, coversByte: atByte },
      fault: { type: 'corrupt' as const, atByte },
    }));
    const liar = await hub({ faults });
    const machine = await newMachine({ HF_ENDPOINT: liar.url });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--source', honest.url, '--pieces', list, '--json');
    expect(done.code, done.stderr).toBe(0);
    const events = eventsOf(done);
    // Of whichever file the liar's first wrong piece is: it may bring nothing of the others after that.
    const wrong = events.findIndex(({ type }) => type === 'piece.wrong');
    expect(wrong).toBeGreaterThan(0);
    const file = events[wrong]?.file;
    expect(wrong).toBeLessThan(events.findIndex((event) => event.type === 'file.proven' && event.file === file));
    const proven = events.filter(({ type, file }) => type === 'file.proven' && file === WEIGHT);
    expect(proven.map(({ checks }) => checks)).toEqual([['pieces']]);
    const ended = events.find(({ type }) => type === 'pull.done');
    expect(await isRight(MODEL, WEIGHT, join(String(ended?.path), WEIGHT))).toBe(true);
    expect((await sluice(machine, 'verify')).code).toBe(0);
  });

  it('that says otherwise than the hub keeps the file out', async () => {
    const sim = await hub();
    const list = await listOf(sim.url);
    const text = await readFile(list, 'utf8');
    const [first = ''] = /[0-9a-f]{64}(?=",?\s+"[0-9a-f]{64}")/.exec(text) ?? [];
    await writeFile(list, text.replace(first, 'f'.repeat(64)));
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--pieces', list);
    expect(done.code).toBe(5);
    const sha256 = sha256OfFile(MODEL, WEIGHT);
    const names = await readdir(join(machine.home, 'blobs'), { recursive: true });
    expect(names.filter((name) => name.endsWith(sha256))).toEqual([]);
    expect(done.stderr).toContain(WEIGHT);
  });

  it('that is none is refused before anything moves', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const list = join(machine.root, 'pieces.json');
    await writeFile(list, '{"pieceList":1,"files":[{}]}');
    const done = await sluice(machine, 'pull', 'acme/tiny', '--pieces', list);
    expect(done.code).not.toBe(0);
    expect(done.stderr).toContain('pieces.json');
    expect(sim.requests).toEqual([]);
  });
});
