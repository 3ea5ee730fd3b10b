import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Sim } from '../../src/sim/index.js';
import { newMachine } from './harness.js';
import { hub, MODEL, sha256OfFile } from './hub.js';
import { startServing } from './serving.js';

const WEIGHT = 'model-00001-of-00002.safetensors';

async function digestOf(url: string): Promise<{ readonly status: string | null; readonly sha256: string }> {
  const answer = await fetch(url);
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { status: answer.headers.get('x-cache-status'), sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Body bytes of a weight that the hub sent. */
function sentOf(sim: Sim, path: string): number {
  const sent = sim.requests.filter(({ host, url }) => host === 'cdn' && url.includes(sha256OfFile(MODEL, path)));
  return sent.reduce((sum, { bytes }) => sum + bytes, 0);
}

describe('a mirror', () => {
  it('lists and gives what its hub has, and asks for a file once however many want it', async () => {
    const sim = await hub();
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const { url } = await startServing(machine);
    const tree = (await (await fetch(`${url}/api/models/acme/tiny/tree/main?recursive=true`)).json()) as {
      type: string;
      path: string;
    }[];
    const listed = tree.filter(({ type }) => type === 'file').map(({ path }) => path);
    expect(listed.sort()).toEqual(Object.keys(MODEL).sort());
    const address = `${url}/acme/tiny/resolve/main/${WEIGHT}`;
    const cold = await Promise.all(Array.from({ length: 8 }, () => digestOf(address)));
    expect(new Set(cold.map(({ sha256 }) => sha256))).toEqual(new Set([sha256OfFile(MODEL, WEIGHT)]));
    const warm = await digestOf(address);
    expect(warm).toEqual({ status: 'HIT', sha256: sha256OfFile(MODEL, WEIGHT) });
    const head = await fetch(address, { method: 'HEAD' });
    const sizeBytes = Number(head.headers.get('content-length'));
    expect(sentOf(sim, WEIGHT)).toBe(sizeBytes);
    const part = await fetch(address, { headers: { range: 'bytes=-10' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([
      206,
      `bytes ${sizeBytes - 10}-${sizeBytes - 1}/${sizeBytes}`,
    ]);
  });

  it('cuts a file off whose bytes turn out wrong', async () => {
    const sim = await hub();
    const atByte = 2 ** 20;
    sim.faults.add({ on: { kind: 'cdn', coversByte: atByte }, fault: { type: 'corrupt', atByte } });
    const machine = await newMachine({ HF_ENDPOINT: sim.url });
    const { url } = await startServing(machine);
    await expect(digestOf(`${url}/acme/tiny/resolve/main/${WEIGHT}`)).rejects.toThrow();
  });

  it('of two hubs of which one lies: what is read to its end is right, or it does not end', async () => {
    const network = { connectionBytesPerSecond: 2 * 2 ** 20 };
    const honest = await hub({ network });
    const liar = await hub({ network });
    for (let mib = 0; mib < 5; mib += 1)
      liar.faults.add({
        on: { kind: 'cdn', coversByte: mib * 2 ** 20 + 5 },
        fault: { type: 'corrupt', atByte: mib * 2 ** 20 + 5 },
      });
    const machine = await newMachine();
    const upstreams = [honest, liar].flatMap((sim) => ['--upstream', `hf=${sim.url}`]);
    const { url } = await startServing(machine, ...upstreams);
    const address = `${url}/acme/tiny/resolve/main/${WEIGHT}`;
    const readers = Array.from({ length: 4 }, () => digestOf(address).catch(() => undefined));
    for (const read of await Promise.all(readers))
      if (read !== undefined) expect(read.sha256).toBe(sha256OfFile(MODEL, WEIGHT));
    expect(sentOf(liar, WEIGHT)).toBeGreaterThan(0);
    expect((await digestOf(address)).sha256).toBe(sha256OfFile(MODEL, WEIGHT));
  });
});
