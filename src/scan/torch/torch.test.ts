import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONTAINERS } from '../containers.js';
import { FormatFault } from '../format-fault.js';
import { scanFile } from '../scan-file.js';
import { sourceOfBuffer } from '../sources.js';
import { buildTorchLegacy, buildTorchZip, ops, text, torchObject } from '../testing/build-torch.js';
import { buildZip, type MemberPlan } from '../testing/build-zip.js';
import { scanBytes } from '../testing/stub-context.js';
import { openTorchZip } from './records.js';

const PLAN = [
  { key: '0', elements: 6 },
  { key: '1', elements: 2 },
];
const EVIL = ops(text('x'), 'cposix\nsystem\n(', text('true'), 'tR');
const scan = async (file: Buffer) => {
  const scanned = await scanBytes(file, 'model.pt', CONTAINERS);
  return { ...scanned, rules: scanned.findings.map(({ rule }) => rule) };
};
const withMembers = (...members: readonly MemberPlan[]): Buffer => buildTorchZip(PLAN, { members });

describe('checkpoints of PyTorch as a zip', () => {
  it('are clean, and every byte is somebody’s', async () => {
    const { verdict, rules, formats, coverage, inventory } = await scan(buildTorchZip(PLAN));
    expect(rules).toEqual([]);
    expect([formats, verdict]).toEqual([['torch-zip'], 'CLEAN']);
    expect(coverage.attributedBytes).toBe(coverage.sizeBytes);
    expect(inventory.imports).toContain('torch._utils._rebuild_tensor_v2');
  });

  it('numbers that changed are seen where all checksums are wanted', async () => {
    const file = withMembers({ name: 'm/data/0', content: Buffer.alloc(24, 0x5a) });
    const all = { formats: CONTAINERS, areAllChecksumsWanted: true };
    const judged = async (): Promise<readonly string[]> => {
      const { verdict } = await scanFile(sourceOfBuffer(file), 'model.pt', { formats: CONTAINERS });
      const { verdict: strict, findings } = await scanFile(sourceOfBuffer(file), 'model.pt', all);
      return [verdict, strict, ...findings.map(({ rule }) => rule)];
    };
    expect(await judged()).toEqual(['CLEAN', 'CLEAN']);
    file[file.indexOf(Buffer.alloc(24, 0x5a)) + 7] = 0;
    expect(await judged()).toEqual(['CLEAN', 'ERROR', 'ZIP-CRC']);
  });

  it.each<[string, string, string, Buffer]>([
    ['something that runs', 'FINDINGS', 'PKL-IMPORT-DENY', buildTorchZip(PLAN, { more: EVIL })],
    [
      'a storage that is too short',
      'ERROR',
      'TORCH-STORAGE',
      withMembers({ name: 'm/data/0', content: Buffer.alloc(20) }),
    ],
    [
      'a storage that is too long',
      'ERROR',
      'TORCH-STORAGE',
      withMembers({ name: 'm/data/0', content: Buffer.alloc(28) }),
    ],
    [
      'a storage that is too long when unpacked',
      'ERROR',
      'TORCH-STORAGE',
      withMembers({ name: 'm/data/0', content: Buffer.alloc(28), isDeflated: true }),
    ],
    [
      'a storage that is not there',
      'ERROR',
      'TORCH-STORAGE',
      buildTorchZip(PLAN, { pickle: torchObject([...PLAN, { key: '2', elements: 1 }]) }),
    ],
    [
      'a storage that is two things',
      'ERROR',
      'TORCH-STORAGE',
      buildTorchZip(PLAN, { pickle: torchObject([...PLAN, { key: '1', elements: 3 }]) }),
    ],
    [
      'a storage that is nobody’s',
      'NOT_SCANNED',
      'COV-UNATTRIBUTED',
      withMembers({ name: 'm/data/9', content: 'hidden' }),
    ],
    [
      'a storage in another’s root',
      'ERROR',
      'TORCH-LAYOUT',
      withMembers({ name: 'n/data/0', content: Buffer.alloc(24) }),
    ],
    ['a second pickle', 'ERROR', 'TORCH-LAYOUT', withMembers({ name: 'n/data.pkl', content: torchObject([]) })],
    ['TorchScript', 'FINDINGS', 'TORCH-SCRIPT', withMembers({ name: 'm/code/__torch__.py', content: 'x' })],
    ['an unknown byte order', 'ERROR', 'TORCH-LAYOUT', withMembers({ name: 'm/byteorder', content: 'middle' })],
    [
      'something behind the pickle',
      'ERROR',
      'TORCH-LAYOUT',
      buildTorchZip(PLAN, { pickle: Buffer.concat([torchObject(PLAN), Buffer.from('.')]) }),
    ],
    [
      'a wrong checksum of the pickle',
      'ERROR',
      'ZIP-CRC',
      withMembers({ name: 'm/data.pkl', content: torchObject(PLAN), crc32: 1 }),
    ],
    ['a program beside it', 'FINDINGS', 'PROGRAM', withMembers({ name: 'm/extra/lib.so', content: '\x7fELF' })],
  ])('%s: %s', async (_name, verdict, rule, file) => {
    const scanned = await scan(file);
    expect(scanned.rules).toContain(rule);
    expect(scanned.verdict).toBe(verdict);
  });

  it('checksums of storages are not read: PyTorch does not either', async () => {
    let readBytes = 0;
    const file = buildTorchZip([{ key: '0', elements: 200 }], {
      members: [{ name: 'm/data/0', content: Buffer.alloc(800), crc32: 1 }],
    });
    const bytes = sourceOfBuffer(file);
    const { verdict } = await scan(file);
    expect(verdict).toBe('CLEAN');
    const { storages } = await openTorchZip({
      ...bytes,
      read: (at, length) => ((readBytes += length), bytes.read(at, length)),
    });
    expect(storages.get('0')?.sizeBytes).toBe(800);
    expect(readBytes).toBeLessThan(file.length * 4);
  });

  it('whatever byte outside of the numbers changes: never clean with other storages', async () => {
    const file = buildTorchZip(PLAN);
    const storagesIn = async (changed: Buffer) => {
      const { storages } = await openTorchZip(sourceOfBuffer(changed));
      return Promise.all([...storages].map(async ([key, bytes]) => [key, await bytes.read(0, bytes.sizeBytes)]));
    };
    const before = await storagesIn(file);
    const numbers = [file.indexOf(Buffer.alloc(24, 1)), file.indexOf(Buffer.alloc(24, 1)) + 24] as const;
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        fc.pre(at < numbers[0] || at >= numbers[1]);
        const changed = Buffer.from(file);
        changed[at] = (changed[at] ?? 0) ^ change;
        const { verdict, formats } = await scan(changed);
        if (verdict !== 'CLEAN' || !formats.includes('torch-zip')) return;
        const after = await storagesIn(changed);
        expect(after.map(([key]) => key)).toEqual(before.map(([key]) => key));
        expect(after[0]).toEqual(before[0]);
      }),
      { numRuns: 300 },
    );
  });
});

it('what torch.export writes is a program', async () => {
  const file = buildZip({ members: [{ name: 'm/archive_format', content: 'pt2' }] });
  expect((await scan(file)).rules).toContain('TORCH-PT2');
});

describe('opening a checkpoint for its tensors', () => {
  it('gives its pickle, its byte order and its storages', async () => {
    const { runs, root, byteOrder, storages } = await openTorchZip(sourceOfBuffer(buildTorchZip(PLAN)));
    expect(byteOrder).toBe('little');
    expect(runs.map(({ endByte }) => endByte)).toEqual([torchObject(PLAN).length]);
    expect(root).toMatchObject({ kind: 'dict', entries: { length: 2 } });
    expect([...storages.keys()]).toEqual(['0', '1']);
    expect(await storages.get('1')?.read(0, 8)).toEqual(Buffer.alloc(8, 1));
  });

  it.each<[string, Buffer]>([
    ['a program in it', withMembers({ name: 'm/code/a.py', content: 'x' })],
    ['two roots', withMembers({ name: 'n/a', content: 'x' })],
    [
      'a local header that says something else',
      withMembers({ name: 'm/data/0', content: Buffer.alloc(24), local: { name: 'm/data/x' } }),
    ],
    ['an encrypted storage', withMembers({ name: 'm/data/0', content: Buffer.alloc(24), flags: 1 })],
    ['no end', buildTorchZip(PLAN).subarray(0, -1)],
  ])('refuses one with %s', async (_name, file) => {
    await expect(openTorchZip(sourceOfBuffer(file))).rejects.toThrow(FormatFault);
  });
});

describe('checkpoints of PyTorch before 1.6', () => {
  it('are clean, and every byte is somebody’s', async () => {
    const { verdict, rules, formats, coverage } = await scan(buildTorchLegacy(PLAN));
    expect(rules).toEqual([]);
    expect([formats, verdict]).toEqual([['torch-legacy'], 'CLEAN']);
    expect(coverage.attributedBytes).toBe(coverage.sizeBytes);
  });

  it('something that runs is found, and something behind the last storage', async () => {
    expect((await scan(buildTorchLegacy(PLAN, EVIL))).verdict).toBe('FINDINGS');
    const longer = await scan(Buffer.concat([buildTorchLegacy(PLAN), Buffer.from('more')]));
    expect(longer.verdict).toBe('ERROR');
    expect(longer.rules).toContain('TORCH-LAYOUT');
  });

  it('cut anywhere: never clean', async () => {
    const file = buildTorchLegacy(PLAN);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: file.length - 1 }), async (length) => {
        expect((await scan(file.subarray(0, length))).verdict).not.toBe('CLEAN');
      }),
      { numRuns: 100 },
    );
  });

  it('whatever count of elements changes: never clean', async () => {
    const file = buildTorchLegacy(PLAN);
    for (const at of [file.length - 8 - 8, file.length - 8 - 8 - 24 - 8]) {
      const changed = Buffer.from(file);
      changed[at] = 7;
      expect((await scan(changed)).rules).toContain('TORCH-STORAGE');
    }
  });
});
