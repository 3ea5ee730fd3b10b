import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { seededRandom, type SimFiles } from '../../src/sim/index.js';
import { hub, isRight } from './hub.js';
import { newMachine, sluice, startSluice, type Machine } from './harness.js';

/** `SLUICE_KILLS=100 npm test` for the long form. */
const KILLS = Number(process.env.SLUICE_KILLS ?? 3);
const FILES: SimFiles = Object.fromEntries(
  Array.from({ length: 400 }, (_, index) => [`part/${index % 20}/${index}.json`, `{"n":${index}}${'x'.repeat(index)}`]),
);

async function expectNoWrongName(machine: Machine): Promise<void> {
  const blobs = join(machine.home, 'blobs', 'sha256');
  const entries = await readdir(blobs, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((one) => one.isFile())) {
    const bytes = await readFile(join(entry.parentPath, entry.name));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(entry.name);
  }
}

/** Every name of the view that is there leads to the right bytes. */
async function expectRightSoFar(folder: string): Promise<number> {
  let count = 0;
  for (const path of Object.keys(FILES)) {
    const bytes = await readFile(join(folder, path)).catch(() => undefined);
    if (bytes === undefined) continue;
    expect(bytes.toString(), path).toBe(FILES[path]);
    count += 1;
  }
  return count;
}

describe('kill -9 while many small files are committed and landed', () => {
  it.each([
    [
      'the Hugging Face cache',
      [],
      (machine: Machine, commit: string) => join(machine.hfHome, 'hub/models--acme--many/snapshots', commit),
    ],
    ['a plain folder', ['--to', 'flat'], (machine: Machine) => join(machine.root, 'flat')],
    ['the repository view', ['--view', 'repository'], undefined],
  ] as const)('into %s: nothing wrong at any time, and right in the end', async (_, args, folderOf) => {
    const sim = await hub({ repositories: [{ id: 'acme/many', files: FILES }] });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const random = seededRandom(`landing ${args.join(' ')}`);
    const folder = folderOf?.(machine, sim.commit('acme/many'));
    for (let kill = 0; kill < KILLS; kill += 1) {
      const { child, done } = startSluice(machine, ['pull', 'acme/many', ...args]);
      // From before the first answers to well after the last: some kills meet the files on their way, others the landing.
      await sleep(200 + Math.floor(random() * 900));
      child.kill('SIGKILL');
      await done;
      await expectNoWrongName(machine);
      if (folder !== undefined) await expectRightSoFar(folder);
    }
    const last = await sluice(machine, 'pull', 'acme/many', ...args);
    expect(last.code, last.stderr).toBe(0);
    expect(await expectRightSoFar(last.stdout.trim())).toBe(Object.keys(FILES).length);
    expect((await sluice(machine, 'verify')).code).toBe(0);
    const left = await readdir(last.stdout.trim(), { recursive: true });
    expect(left.filter((name) => /\.(?:tmp|incomplete)$/.test(name))).toEqual([]);
    expect(await isRight(FILES, 'part/1/1.json', join(last.stdout.trim(), 'part/1/1.json'))).toBe(true);
  });
});
