import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededRandom } from '../../sim/index.js';
import { openStore } from '../index.js';
import { temporaryFolder } from '../testing/fixtures.js';
import { compileStore, type CompiledStore } from './testing/compiled-store.js';
import { smallContents } from './testing/small-contents.js';

/** SLUICE_KILLS=100 is the long form, for CI. */
const KILLS = Number(process.env.SLUICE_KILLS ?? 6);
const COUNT = 400;

let compiled: CompiledStore;
beforeAll(async () => {
  compiled = await compileStore('hands-kill-test');
});
afterAll(() => compiled.remove());

function noted(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
}

/** So many processes put the same files; all are killed once together they noted so many. Whether all were killed. */
async function putAndKill(processes: number, args: readonly string[], notes: string, many: number): Promise<boolean> {
  const script = join(compiled.folder, 'store', 'hands', 'testing', 'put-child.js');
  const children = Array.from({ length: processes }, () =>
    spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'ignore', 'inherit'] }),
  );
  const ends = children.map((child) => once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>);
  const watch = setInterval(() => {
    if (noted(notes).length >= many) for (const child of children) child.kill('SIGKILL');
  }, 1);
  const over = await Promise.all(ends);
  clearInterval(watch);
  for (const [code, signal] of over) expect(signal === 'SIGKILL' || code === 0).toBe(true);
  return over.every(([, signal]) => signal === 'SIGKILL');
}

it.each([
  ['one process', 1],
  ['two processes with the same files', 2],
])(
  `%s, killed at ${KILLS} moments: no wrong name, and all that was said to be stored is there`,
  async (_, processes) => {
    const folder = await temporaryFolder();
    const home = join(folder, 'store');
    const store = await openStore(home);
    const random = seededRandom(`kill hands ${processes}`);
    let kills = 0;
    for (let round = 0; round < KILLS; round += 1) {
      const notes = join(folder, `notes-${round}`);
      // New files each time: what is here already is not written again.
      const args = [home, notes, `round ${round}`, String(COUNT)];
      if (await putAndKill(processes, args, notes, 1 + Math.floor(random() * COUNT))) kills += 1;
      for (const sha256 of noted(notes)) {
        // The second of two that bring the same may die between its name and its stamp: then it is hashed once more.
        const fine = processes === 1 ? ['proven'] : ['proven', 'unproven'];
        expect(fine, sha256).toContain(await store.blobState(sha256));
      }
      const blobs = join(home, 'blobs', 'sha256');
      for (const entry of readdirSync(blobs, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())) {
        const bytes = readFileSync(join(entry.parentPath, entry.name));
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(entry.name);
      }
    }
    expect(kills).toBeGreaterThan(0);
    const notes = join(folder, 'notes');
    await putAndKill(processes, [home, notes, 'round 0', String(COUNT)], notes, Infinity);
    for (const { sha256 } of smallContents('round 0', COUNT)) expect(await store.blobState(sha256)).toBe('proven');
  },
  180_000,
);
