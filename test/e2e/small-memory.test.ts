import { describe, expect, it } from 'vitest';
import { seededContent, type SimFiles } from '../../src/sim/index.js';
import { eventsOf, newMachine, sluiceWith } from './harness.js';
import { memoryGroup } from './control-group.js';
import { hub } from './hub.js';

const MIB = 2 ** 20;
const FILES: SimFiles = Object.fromEntries(
  ['one', 'two', 'three'].map((seed) => [`${seed}.bin`, seededContent({ seed, sizeBytes: 150 * MIB + 5 })]),
);

describe('a container with little memory', () => {
  it.for([128, 96])('of %d MiB is enough for a pull of much more', { timeout: 60_000 }, async (limitMib, { skip }) => {
    const group = memoryGroup(limitMib * MIB);
    // Only where control groups can be made; the arithmetic has tests of its own.
    if (group === undefined) return skip('no control group can be made here');
    const sim = await hub({ repositories: [{ id: 'acme/big', files: FILES }] });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const pulled = await sluiceWith(machine, { wrap: group.wrap }, 'pull', 'acme/big', '--json');
    expect(group.kills()).toBe(0);
    expect(pulled.code, `${String(pulled.signal)} ${pulled.stderr}`).toBe(0);
    const most = eventsOf(pulled).map(({ sources }) =>
      ((sources ?? []) as readonly { connections?: number }[]).reduce((sum, one) => sum + (one.connections ?? 0), 0),
    );
    expect(Math.max(...most)).toBeLessThanOrEqual(12);
  });
});
