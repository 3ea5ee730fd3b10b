import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONTAINERS } from './containers.js';
import { buildGguf } from './testing/build-gguf.js';
import { buildSafetensors, layOut } from './testing/build-safetensors.js';
import { buildTar } from './testing/build-tar.js';
import { buildTorchLegacy, buildTorchZip } from './testing/build-torch.js';
import { scanBytes } from './testing/stub-context.js';

const { header, dataBytes } = layOut([{ name: 'a', dtype: 'F32', bits: 32, shape: [4] }]);
const checkpoint = buildTorchZip([{ key: '0', elements: 2 }]);
const files = {
  safetensors: buildSafetensors(header, dataBytes),
  gguf: buildGguf({ metadata: {}, tensors: [{ name: 'a', shape: [4], type: 0, startByte: 0 }], dataBytes: 32 }),
  'torch zip': checkpoint,
  'torch legacy': buildTorchLegacy([{ key: '0', elements: 2 }]),
  tar: buildTar([{ name: 'model.pt', content: checkpoint }]),
  'tar.gz': gzipSync(buildTar([{ name: 'model.pt', content: checkpoint }])),
  zlib: deflateSync(checkpoint),
};

describe.each(Object.entries(files))('%s', (_name, file) => {
  const scan = async (bytes: Buffer) => {
    const { verdict, coverage, findings } = await scanBytes(bytes, 'model', CONTAINERS);
    expect(findings.map(({ rule }) => rule)).not.toContain('FORMAT-FAULT');
    if (verdict === 'CLEAN') expect(coverage.unattributed).toEqual([]);
    return verdict;
  };

  it('is clean as it is', async () => {
    expect(await scan(file)).toBe('CLEAN');
  });

  it('cut anywhere, longer, or with other bytes somewhere: an answer, and never one that leaves bytes out', async () => {
    const part = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length), fc.nat(file.length), part, async (one, other, bytes) => {
        await scan(Buffer.concat([file.subarray(0, one), bytes, file.subarray(other)]));
      }),
      { numRuns: 60 },
    );
  });
});
