import fc from 'fast-check';
import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CONTAINERS } from '../containers.js';
import { ops, small, text } from '../testing/build-torch.js';
import { scanBytes } from '../testing/stub-context.js';

const dtype = (code: string): Buffer =>
  ops(
    'cnumpy\ndtype\n(',
    text(code),
    '\x89\x88tR(',
    small(3),
    text('<'),
    'NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff',
    small(0),
    'tb',
  );

/** One array as joblib writes it, with what stands behind its wrapper. */
const array = (code: string, count: number, behind: Buffer, isAligned = true): Buffer =>
  ops(
    ...['cjoblib.numpy_pickle\nNumpyArrayWrapper\n', ')\x81}(', text('subclass'), 'cnumpy\nndarray\n'],
    ...[text('shape'), '(', small(count), 't', text('order'), text('C'), text('dtype'), dtype(code)],
    ...[text('allow_mmap'), '\x88'],
    ...(isAligned ? [text('numpy_array_alignment_bytes'), small(16)] : []),
    ...['ub', behind],
  );
const padded = (data: Buffer, padding = Buffer.alloc(5, 0xff)): Buffer =>
  Buffer.concat([Buffer.from([padding.length]), padding, data]);
const file = (...items: readonly Buffer[]): Buffer => ops('\x80\x03](', ...items, 'e.');
const EVIL = ops('cposix\nsystem\n(', text('true'), 'tR');
const scan = async (bytes: Buffer) => {
  const scanned = await scanBytes(bytes, 'model.joblib', CONTAINERS);
  return { ...scanned, rules: scanned.findings.map(({ rule }) => rule) };
};

describe('joblib’s arrays', () => {
  const numbers = Buffer.alloc(24, 7);
  it.each<[string, Buffer]>([
    ['aligned', file(array('f8', 3, padded(numbers)))],
    ['of older versions', file(array('f8', 3, numbers, false))],
    ['two', file(array('f8', 3, padded(numbers)), array('i4', 6, padded(numbers)))],
    ['of objects', file(array('O8', 1, ops('\x80\x02]N\x61.')), array('f8', 3, padded(numbers)))],
  ])('%s: clean, and every byte is somebody’s', async (_name, bytes) => {
    const { verdict, rules, formats, coverage } = await scan(bytes);
    expect(rules).toEqual([]);
    expect([formats, verdict]).toEqual([['joblib'], 'CLEAN']);
    expect(coverage.attributedBytes).toBe(coverage.sizeBytes);
  });

  it('are read in what is packed', async () => {
    for (const pack of [gzipSync, deflateSync]) {
      const { verdict, members } = await scan(pack(file(array('f8', 3, padded(numbers)))));
      expect([verdict, members[0]?.formats]).toEqual(['CLEAN', ['joblib']]);
    }
  });

  it.each<[string, string, Buffer]>([
    ['something that runs behind numbers', 'FINDINGS', file(array('f8', 3, padded(numbers)), EVIL)],
    ['something that runs as objects', 'FINDINGS', file(array('O8', 1, ops('\x80\x02]', EVIL, 'a.')))],
    ['a padding with something in it', 'ERROR', file(array('f8', 3, padded(numbers, Buffer.from('evil'))))],
    ['an array beyond the file', 'ERROR', file(array('f8', 200, padded(numbers)))],
    ['records, whose fields may be objects', 'ERROR', file(array('V8', 3, padded(numbers)))],
    [
      'numbers that are a pickle for others',
      'FINDINGS',
      file(array('f8', 10, Buffer.concat([EVIL, Buffer.alloc(80, '0')]).subarray(0, 80), false)),
    ],
  ])('%s: %s', async (_name, verdict, bytes) => {
    expect((await scan(bytes)).verdict).toBe(verdict);
  });

  it('whatever byte changes: never clean with bytes that are nobody’s', async () => {
    const good = file(array('f8', 3, padded(numbers)), small(3));
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), async (at, byte) => {
        const changed = Buffer.from(good);
        changed[at] = byte;
        const { verdict, coverage, rules } = await scan(changed);
        expect(rules).not.toContain('FORMAT-FAULT');
        if (verdict === 'CLEAN') expect(coverage.unattributed).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
