import { describe, expect, it } from 'vitest';
import { MIB, makeRig, seededContent, sha256Of, taskOf } from './testing/rig.js';

const content = seededContent({ seed: 5, sizeBytes: 12 * MIB + 777 });

/** Bytes that each request asked for. */
const askedBytes = (requests: readonly { readonly range: string | undefined; readonly kind: string }[]): number[] =>
  requests.flatMap(({ range }) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
    return first === undefined ? [] : [Number(last) - Number(first) + 1];
  });

describe('requests of a bounded size', () => {
  it.each([MIB / 4, MIB + 1, 3 * MIB])(
    'of at most %i bytes bring the file, also within pieces',
    async (requestBytes) => {
      const rig = await makeRig();
      const sim = await rig.sim({ 'big.bin': content });
      const { error, sha256, fetchedBytes } = await rig.pull(taskOf('big.bin', content, [sim]), { requestBytes });
      expect(error?.message).toBeUndefined();
      expect(sha256).toBe(sha256Of(content));
      expect(fetchedBytes).toBe(content.sizeBytes);
      expect(Math.max(...askedBytes(sim.requests))).toBeLessThanOrEqual(requestBytes);
    },
  );

  it('are found out where every answer is cut at the same byte, and nothing is fetched twice for it', async () => {
    const rig = await makeRig();
    const large = seededContent({ seed: 6, sizeBytes: 40 * MIB });
    const fault = { type: 'end-early', afterBytes: 2 * MIB } as const;
    const sim = await rig.sim({ 'big.bin': large }, { faults: [{ on: { host: 'cdn' }, fault }] });
    const { error, fetchedBytes } = await rig.pull(taskOf('big.bin', large, [sim]), { connections: 1 });
    expect(error?.message).toBeUndefined();
    expect(rig.eventsOf('source.small-requests')[0]).toMatchObject({ reason: 'size', afterBytes: 2 * MIB, cuts: 4 });
    expect(fetchedBytes).toBe(large.sizeBytes);
    const failed = rig.eventsOf('piece.failed').length;
    expect(failed).toBeLessThan(10);
  });
});
