import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { FaultRule } from '../sim/index.js';
import type { TransferTask } from './index.js';
import { MIB, makeRig, seededContent, sha256Of, taskOf, wholeContent, type Rig } from './testing/rig.js';

const content = seededContent({ seed: 'listed', sizeBytes: 5 * MIB + 3 });
const files = { 'big.bin': content };
const bytes = Buffer.from(wholeContent(content));
const sha256 = Array.from({ length: 6 }, (_, index) =>
  createHash('sha256')
    .update(bytes.subarray(index * MIB, (index + 1) * MIB))
    .digest('hex'),
);
const pieces = { pieceBytes: MIB, sha256 };
const everywhere: FaultRule[] = sha256.map((_, index) => ({
  on: { host: 'cdn' },
  fault: { type: 'corrupt', atByte: index * MIB },
}));

async function rigWith(...faults: readonly FaultRule[][]): Promise<{ rig: Rig; task: TransferTask }> {
  const rig = await makeRig();
  const sims = await Promise.all(faults.map((each) => rig.sim(files, { faults: each })));
  const task = taskOf('big.bin', content, sims, faults.map((_, index) => `source-${index}`)); // prettier-ignore
  return { rig, task: { ...task, pieces, wholeToo: true } };
}

describe('a file whose pieces somebody signed', () => {
  it('is proven by each of them, and as a whole', async () => {
    const { rig, task } = await rigWith([]);
    const result = await rig.pull(task);
    expect(result.checks).toEqual(['sha256', 'pieces']);
    expect(result.fetchedBytes).toBe(content.sizeBytes);
  });

  it('has no source any more that gave a wrong piece, as long as there is another', async () => {
    const { rig, task } = await rigWith(everywhere, []);
    const result = await rig.pull(task, { connections: 2 });
    expect(result.sha256).toBe(sha256Of(content));
    expect(rig.eventsOf('piece.wrong').every(({ source }) => source === 'source-0')).toBe(true);
    expect(rig.eventsOf('source.banned').map(({ source }) => source)).toEqual(
      rig.eventsOf('piece.wrong').length === 0 ? [] : ['source-0'],
    );
    expect(result.pieces.every(({ source }) => source === 'source-1')).toBe(true);
  });

  it('keeps a last source that slipped once', async () => {
    const once: FaultRule[] = [
      { on: { host: 'cdn', coversByte: 2 * MIB, times: 1 }, fault: { type: 'corrupt', atByte: 2 * MIB } },
    ];
    const { rig, task } = await rigWith(once);
    expect((await rig.pull(task)).sha256).toBe(sha256Of(content));
    expect(rig.eventsOf('piece.wrong')).toHaveLength(1);
    expect(rig.eventsOf('source.banned')).toEqual([]);
  });

  it('is refused where the pieces are of another content than the digest', async () => {
    const { rig, task } = await rigWith([]);
    const result = await rig.pull({ ...task, digests: { sha256: 'f'.repeat(64) } });
    expect(result.error?.code).toBe('BAD_MANIFEST');
    expect(await rig.assertBlobsRight()).toEqual([]);
  });

  it('keeps the pieces that were right when everybody else turned out wrong', async () => {
    const { rig, task } = await rigWith([...everywhere.slice(4, 5)]);
    const first = await rig.pull(task);
    expect(first.error?.code).toBe('DIGEST_MISMATCH');
    const honest = await rig.sim(files);
    const { sources } = taskOf('big.bin', content, [honest]);
    const second = await rig.pull({ ...task, sources });
    expect(second.sha256).toBe(sha256Of(content));
    expect(second.fetchedBytes).toBeLessThan(content.sizeBytes);
  });
});
