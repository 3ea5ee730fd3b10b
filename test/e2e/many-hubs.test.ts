import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { seededContent, type Sim } from '../../src/sim/index.js';
import { eventsOf, newMachine, sluice } from './harness.js';
import { hub, isRight, MODEL, sha256OfFile } from './hub.js';

const MIB = 2 ** 20;
const WEIGHT = 'model-00001-of-00002.safetensors';
const SECOND = 'model-00002-of-00002.safetensors';
const network = { connectionBytesPerSecond: 2 * MIB, totalBytesPerSecond: 8 * MIB };

/** Body bytes of a weight that a hub sent from behind its redirects. */
function sentOf(sim: Sim, path: string): number {
  const sent = sim.requests.filter(({ host, url }) => host === 'cdn' && url.includes(sha256OfFile(MODEL, path)));
  return sent.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Few connections, so that a place that joins gets some of them soon. */
const FEW = ['--connections', '6'];

const hostOf = (sim: Sim): string => new URL(sim.url).host;

describe('several hubs', () => {
  it('give the same weight at the same time, and `explain` tells who gave what', async () => {
    const [hf, ms] = [await hub({ network }), await hub({ network })];
    const machine = await newMachine({ HF_ENDPOINT: hf.url, MODELSCOPE_ENDPOINT: ms.url });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--json', ...FEW);
    expect(done.code, done.stderr).toBe(0);
    const ended = eventsOf(done).find(({ type }) => type === 'pull.done');
    for (const path of [WEIGHT, SECOND]) expect(await isRight(MODEL, path, join(String(ended?.path), path))).toBe(true);
    for (const sim of [hf, ms]) expect(sentOf(sim, WEIGHT)).toBeGreaterThan(MIB);
    expect([...hf.leaks, ...ms.leaks]).toEqual([]);
    const explained = await sluice(machine, 'explain', 'acme/tiny', '--json');
    const explanation = JSON.parse(explained.stdout) as { sources: { source: string }[]; elsewhere: object[] };
    // A piece that one began and the other finished is told of as `a+b`.
    const givers = explanation.sources.flatMap(({ source }) => source.split('+'));
    expect(new Set(givers)).toEqual(new Set([hostOf(hf), hostOf(ms)]));
    expect(explanation.elsewhere).toMatchObject([{ source: hostOf(ms), ref: 'ms:acme/tiny', agree: [WEIGHT, SECOND] }]);
    expect((await sluice(machine, 'explain', 'acme/tiny')).stdout).toContain('2 of 2 files are the same');
  });

  it('whose copies differ: `plan` says which files are where, and only the same ones are fetched there', async () => {
    const theirs = { ...MODEL, [SECOND]: seededContent({ seed: 'newer', sizeBytes: 9 * MIB + 1 }) };
    const hf = await hub({ network });
    const ms = await hub({ network, repositories: [{ id: 'other/name', files: theirs }] });
    const machine = await newMachine({ HF_ENDPOINT: hf.url, MODELSCOPE_ENDPOINT: ms.url });
    const source = ['--source', 'ms:other/name'];
    const planned = await sluice(machine, 'plan', 'acme/tiny', ...source, '--json');
    expect(planned.code, planned.stderr).toBe(0);
    const { elsewhere } = JSON.parse(planned.stdout) as { elsewhere: { ref: string }[] };
    expect(elsewhere.find(({ ref }) => ref === 'ms:other/name')).toMatchObject({
      agree: [WEIGHT],
      differ: [{ file: SECOND, sizeBytes: 9 * MIB, theirSizeBytes: 9 * MIB + 1 }],
    });
    const shown = await sluice(machine, 'pull', 'acme/tiny', ...source, '--dry-run');
    expect(shown.stdout).toContain('1 of 2 files are the same, 1 differ');
    expect(shown.stdout).toContain(`differs at ${hostOf(ms)}`);
    const done = await sluice(machine, 'pull', 'acme/tiny', ...source, ...FEW);
    expect(done.code, done.stderr).toBe(0);
    for (const path of [WEIGHT, SECOND]) expect(await isRight(MODEL, path, join(done.stdout.trim(), path))).toBe(true);
    expect(sentOf(ms, WEIGHT)).toBeGreaterThan(MIB);
    expect(ms.requests.some(({ url }) => url.includes(encodeURIComponent(SECOND)))).toBe(false);
  });

  it('one of them lies about its digest: it is banned, and the file is right', async () => {
    const faults = Array.from({ length: 24 }, (_, mib) => ({
      on: { path: new RegExp(sha256OfFile(MODEL, WEIGHT)), coversByte: mib * MIB },
      fault: { type: 'corrupt' as const, atByte: mib * MIB },
    }));
    const [hf, ms] = [await hub({ network }), await hub({ network, faults })];
    const machine = await newMachine({ HF_ENDPOINT: hf.url, MODELSCOPE_ENDPOINT: ms.url });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--json', ...FEW);
    expect(done.code, done.stderr).toBe(0);
    const events = eventsOf(done);
    expect(events.filter(({ type }) => type === 'source.banned').map(({ source }) => source)).toEqual([hostOf(ms)]);
    const ended = events.find(({ type }) => type === 'pull.done');
    expect(await isRight(MODEL, WEIGHT, join(String(ended?.path), WEIGHT))).toBe(true);
  });

  it('of which the first is down: a bare name is found on the other, and that is said', async () => {
    const [hf, ms] = [await hub(), await hub()];
    await hf.die();
    const machine = await newMachine({ HF_ENDPOINT: hf.url, MODELSCOPE_ENDPOINT: ms.url });
    const done = await sluice(machine, 'pull', 'acme/tiny');
    expect(done.code, done.stderr).toBe(0);
    expect(done.stderr).toContain('Looking for ms:acme/tiny.');
    expect(await isRight(MODEL, WEIGHT, join(done.stdout.trim(), WEIGHT))).toBe(true);
  });

  it('are not told of a private repository, nor is any token sent to another', async () => {
    const repositories = [{ id: 'acme/tiny', files: MODEL, private: true, tokens: ['hf_ann'] }];
    const hf = await hub({ network: { totalBytesPerSecond: 20 * MIB }, repositories, users: { hf_ann: 'ann' } });
    const ms = await hub();
    const machine = await newMachine({ HF_ENDPOINT: hf.url, MODELSCOPE_ENDPOINT: ms.url, HF_TOKEN: 'hf_ann' });
    expect((await sluice(machine, 'pull', 'hf:acme/tiny')).code).toBe(0);
    expect(ms.requests).toEqual([]);
    const asked = await sluice(machine, 'plan', 'hf:acme/tiny', '--also', 'always', '--json');
    expect(asked.code, asked.stderr).toBe(0);
    expect(ms.requests.some(({ headers }) => (headers.authorization ?? headers.cookie) !== undefined)).toBe(false);
    expect((await sluice(machine, 'pull', 'hf:acme/tiny', '--also', 'sometimes')).code).toBe(2);
  });

  it('and a folder on a web server', async () => {
    const hf = await hub({ network });
    const web = await hub({ repositories: [], folders: { tiny: MODEL }, network });
    const machine = await newMachine({ HF_ENDPOINT: hf.url });
    const done = await sluice(machine, 'pull', 'acme/tiny', '--source', `${web.url}/files/tiny/`, ...FEW);
    expect(done.code, done.stderr).toBe(0);
    expect(await isRight(MODEL, WEIGHT, join(done.stdout.trim(), WEIGHT))).toBe(true);
    expect(web.sentBytes).toBeGreaterThan(MIB);
    expect(sentOf(hf, WEIGHT)).toBeGreaterThan(MIB);
  });
});
