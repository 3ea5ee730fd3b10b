import { expect, it } from 'vitest';
import type { Transport } from '../net/index.js';
import { MIB, makeRig, seededContent, taskOf } from './testing/rig.js';

const big = seededContent({ seed: 5, sizeBytes: 6 * MIB });
const small = seededContent({ seed: 6, sizeBytes: 70_000 });

it('dials the host that a large file redirects to as soon as it is known, once, and for small files not at all', async () => {
  const rig = await makeRig();
  const sim = await rig.sim({ 'big.safetensors': big, 'small.safetensors': small });
  const warmed: [string, number][] = [];
  const transport: Transport = {
    get: (request, sink) => rig.transport.get(request, sink),
    warm: (url, connections) => void warmed.push([new URL(url).origin, connections]),
    requestCount: 0,
    close: () => Promise.resolve(),
  };
  const tasks = [taskOf('big.safetensors', big, [sim]), taskOf('small.safetensors', small, [sim])];
  const results = await rig.run(tasks, { transport, connections: 5 });
  expect(results.map(({ error }) => error)).toEqual([undefined, undefined]);
  expect(warmed).toEqual([[new URL(sim.cdnUrl).origin, 5]]);
});
