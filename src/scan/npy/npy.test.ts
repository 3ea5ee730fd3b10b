import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Format } from '../port.js';
import { buildZip } from '../testing/build-zip.js';
import { anything, scanBytes } from '../testing/stub-context.js';
import { zipFormat } from '../zip/zip.js';
import { npyFormat } from './npy.js';

const npy = (header: string, data: Buffer, version = 1): Buffer => {
  const text = Buffer.from(`${header}\n`, 'latin1');
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(text.length);
  else length.writeUInt32LE(text.length);
  return Buffer.concat([Buffer.from('\x93NUMPY', 'latin1'), Buffer.from([version, 0]), length, text, data]);
};
const header = (descr: string, shape: string): string =>
  `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }  `;
const pickle: Format = {
  ...anything,
  format: 'pickle',
  claims: (start) => start[0] === 0x80,
  scan: async (...args) => ({ ...(await anything.scan(...args)), format: 'pickle' }),
};
const scan = (file: Buffer) => scanBytes(file, 'a.bin', [npyFormat, pickle, zipFormat]);

describe('NumPy’s arrays', () => {
  it.each<[string, string, number]>([
    ["'<f4'", '(2, 3)', 24],
    ["'|b1'", '()', 1],
    ["'<U5'", '(2,)', 40],
    ["'<M8[ns]'", '(2,)', 16],
    ["'|S3'", '(0, 7)', 0],
    ["[('a', '<f4'), ('b', '<i2', (3,))]", '(2,)', 20],
    ["'>c16'", '(1L,)', 16],
  ])('%s of %s', async (descr, shape, bytes) => {
    for (const version of [1, 2, 3]) {
      const { verdict, coverage, findings } = await scan(npy(header(descr, shape), Buffer.alloc(bytes), version));
      expect(findings).toEqual([]);
      expect(verdict).toBe('CLEAN');
      expect(coverage.attributedBytes).toBe(coverage.sizeBytes);
    }
  });

  it.each<[string, Buffer]>([
    ['too short', npy(header("'<f4'", '(2,)'), Buffer.alloc(7))],
    ['too long', npy(header("'<f4'", '(2,)'), Buffer.alloc(9))],
    ['another key', npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), 'more': 1}", Buffer.alloc(4))],
    ['a key twice', npy("{'descr': '<f4', 'descr': 'O', 'fortran_order': False, 'shape': ()}", Buffer.alloc(4))],
    ['a call', npy("{'descr': f(), 'fortran_order': False, 'shape': ()}", Buffer.alloc(4))],
    ['an escape', npy("{'descr': '\\x4f', 'fortran_order': False, 'shape': ()}", Buffer.alloc(4))],
    ['a negative size', npy(header("'<f4'", '(-1,)'), Buffer.alloc(4))],
    ['a product beyond all bounds', npy(header("'<f4'", '(9007199254740991, 9007199254740991)'), Buffer.alloc(4))],
    ['version 4', npy(header("'<f4'", '()'), Buffer.alloc(4), 4)],
    ['no number as a shape', npy(header("'<f4'", '2'), Buffer.alloc(8))],
  ])('%s is refused', async (_name, file) => {
    expect((await scan(file)).verdict).toBe('ERROR');
  });

  it('objects are read as a pickle, wherever they stand in the type', async () => {
    const stream = Buffer.from('80024e2e', 'hex');
    for (const descr of ["'|O'", "[('a', '<f4'), ('b', '|O')]", "[('a', [('b', 'O')])]"]) {
      const { members, verdict } = await scan(npy(header(descr, '(2,)'), stream));
      expect(members.map(({ formats }) => formats)).toEqual([['pickle']]);
      expect(verdict).toBe('CLEAN');
      expect((await scan(npy(header(descr, '(2,)'), Buffer.from('none')))).verdict).toBe('ERROR');
    }
  });

  it('an npz is a zip of them', async () => {
    const content = npy(header("'<f4'", '(2,)'), Buffer.alloc(8));
    const { formats, verdict, members } = await scan(
      buildZip({ members: [{ name: 'x.npy', content, isDeflated: true }] }),
    );
    expect([formats, verdict]).toEqual([['npz'], 'CLEAN']);
    expect(members[0]?.formats).toEqual(['npy']);
  });

  it('takes any header, and any change of one byte, without another error', async () => {
    const signs = fc.string({ unit: fc.constantFrom(...'{}()[]\',: OfL1<\\"x'.split('')), maxLength: 40 });
    const good = npy(header("[('a', '<f4')]", '(2,)'), Buffer.alloc(8));
    await fc.assert(
      fc.asyncProperty(signs, async (text) => {
        expect((await scan(npy(text, Buffer.alloc(4)))).findings.map(({ rule }) => rule)).not.toContain('FORMAT-FAULT');
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 9), fc.nat(255), async (at, byte) => {
        const changed = Buffer.from(good);
        changed[at] = byte;
        const { verdict, coverage, findings } = await scan(changed);
        expect(findings.map(({ rule }) => rule)).not.toContain('FORMAT-FAULT');
        if (verdict === 'CLEAN') expect(coverage.unattributed).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
