import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededContent, type Sim, type SimFiles } from '../../src/sim/index.js';
import { eventsOf, newMachine, sluice } from './harness.js';
import { hub, isRight, sha256OfFile } from './hub.js';
import { startServing } from './serving.js';

const MIB = 2 ** 20;
const LARGE = 'model.safetensors';
/** Of one piece or some, of which plain requests would be quicker; one as small as those that come whole. */
const SHORT = 'adapter.safetensors';
const SMALL = 'head.safetensors';
const FILES: SimFiles = {
  'config.json': '{"model_type":"tiny"}\n',
  [LARGE]: seededContent({ seed: 'large', sizeBytes: 20 * MIB + 4321, style: 'bf16' }),
  [SHORT]: seededContent({ seed: 'short', sizeBytes: 3 * MIB + 21, style: 'bf16' }),
  [SMALL]: seededContent({ seed: 'small', sizeBytes: 200_000, style: 'bf16' }),
};
const WEIGHTS = [LARGE, SHORT, SMALL];
const repositories = [{ id: 'acme/tiny', files: FILES }];
const xet = { isOnlyWay: true, maxXorbBytes: 8 * MIB };

const bytesOf = (sim: Sim, kind: string): number =>
  sim.requests.filter((request) => request.kind === kind).reduce((sum, { bytes }) => sum + bytes, 0);

/** Damages one chunk, not so that decoding would notice. */
function damage(sim: Sim, path: string): void {
  const { xorb, chunk } = sim.xetPlace('acme/tiny', path, 100_000);
  const on = { kind: 'xorb' as const, path: new RegExp(xorb) };
  sim.faults.add({ on, fault: { type: 'xorb-chunk', chunk, damage: 'bytes' } });
}

describe('files that their hub gives in Xet’s chunks only', () => {
  it('are pulled, whatever their size, and proven', async () => {
    const sim = await hub({ repositories, xet });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--json');
    expect(done.code, done.stderr).toBe(0);
    const path = String(eventsOf(done).find(({ type }) => type === 'pull.done')?.path);
    for (const file of Object.keys(FILES)) expect(await isRight(FILES, file, join(path, file))).toBe(true);
    const proven = eventsOf(done).filter(({ type }) => type === 'file.proven');
    const checksOf = (file: string): unknown => proven.find((event) => event.file === file)?.checks;
    expect(checksOf(LARGE)).toEqual(['sha256', 'xet']);
    expect(checksOf(SHORT)).toEqual(['sha256', 'xet']);
    expect(checksOf(SMALL)).toContain('sha256');
    expect(bytesOf(sim, 'cdn')).toBe(0);
    expect(bytesOf(sim, 'xorb')).toBeGreaterThan(15 * MIB);
  });

  it.each(WEIGHTS)('do not land when their chunks are wrong: %s', async (path) => {
    const sim = await hub({ repositories, xet });
    damage(sim, path);
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--json');
    // That the hub refuses plain requests is not why.
    expect(done.code, done.stderr).toBe(5);
    const proven = eventsOf(done).filter(({ type }) => type === 'file.proven');
    expect(proven.filter(({ file }) => file === path)).toEqual([]);
  });

  it('are served by a mirror, while they come and afterwards', async () => {
    const sim = await hub({ repositories, xet });
    const { url } = await startServing(await newMachine({ HF_ENDPOINT: sim.url }));
    for (let round = 0; round < 2; round += 1) {
      for (const path of WEIGHTS) {
        const answer = await fetch(`${url}/acme/tiny/resolve/main/${path}`);
        expect(answer.status).toBe(200);
        const bytes = Buffer.from(await answer.arrayBuffer());
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256OfFile(FILES, path));
      }
    }
    expect(bytesOf(sim, 'cdn')).toBe(0);
    expect(bytesOf(sim, 'xorb')).toBeLessThan(24 * MIB);
  });

  it.each(WEIGHTS)('are not served whole by a mirror when their chunks are wrong: %s', async (path) => {
    const sim = await hub({ repositories, xet });
    damage(sim, path);
    const { url } = await startServing(await newMachine({ HF_ENDPOINT: sim.url }));
    const bytes = fetch(`${url}/acme/tiny/resolve/main/${path}`).then(async (answer) => {
      if (!answer.ok) throw new Error(`the status ${answer.status}`);
      return answer.arrayBuffer();
    });
    await expect(bytes).rejects.toThrow();
  });
});
