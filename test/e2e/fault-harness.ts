import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { FaultMatch, FaultRule, Sim, SimOptions } from '../../src/sim/index.js';
import { hub, isRight, MODEL } from './hub.js';
import { newMachine, sluice, type Finished, type Machine } from './harness.js';

/** Answers that carry a weight's bytes. */
export const BYTES: FaultMatch = { kind: 'cdn' };

/** A pull from a hub with one fault, which must have struck. */
export async function pullThrough(
  rule: FaultRule,
  options: SimOptions = {},
  env: Record<string, string> = {},
): Promise<{ sim: Sim; machine: Machine; done: Finished }> {
  const sim = await hub(options);
  const active = sim.faults.add(rule);
  const machine = await newMachine({ HF_ENDPOINT: sim.url, SLUICE_NO_PROGRESS: '4s', ...env });
  const done = await sluice(machine, 'pull', 'acme/tiny');
  expect(active.hits, 'the fault never struck').toBeGreaterThan(0);
  return { sim, machine, done };
}

/** Every final name that exists holds right bytes, whatever else went wrong. Returns how many there are in the view. */
export async function expectOnlyRightBytes(machine: Machine, commit: string): Promise<number> {
  const snapshot = join(machine.hfHome, 'hub', 'models--acme--tiny', 'snapshots', commit);
  const shown = await filesBelow(snapshot);
  for (const file of shown) expect(await isRight(MODEL, file.slice(snapshot.length + 1), file), file).toBe(true);
  for (const blob of await filesBelow(join(machine.home, 'blobs', 'sha256'))) {
    expect(
      createHash('sha256')
        .update(await readFile(blob))
        .digest('hex'),
    ).toBe(blob.slice(-64));
  }
  return shown.length;
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}
