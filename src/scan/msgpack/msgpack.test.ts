import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanOf } from '../testing/scan-text.js';

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const text = (value: string): Buffer => Buffer.concat([Buffer.from([0xd9, value.length]), Buffer.from(value)]);
const binary = (value: Buffer): Buffer => Buffer.concat([hex('c6'), u32(value.length), value]);
const map = (entries: readonly (readonly [string, Buffer])[]): Buffer =>
  Buffer.concat([hex('df'), u32(entries.length), ...entries.flatMap(([name, value]) => [text(name), value])]);
const extension = (type: number, content: Buffer): Buffer =>
  Buffer.concat([hex('c9'), u32(content.length), Buffer.from([type]), content]);
/** A shape, a type and the numbers. */
const array = (numbers: Buffer): Buffer =>
  extension(1, Buffer.concat([hex('93 91 ce'), u32(numbers.length / 4), text('float32'), binary(numbers)]));
const EVERY = map([
  ['kernel', array(Buffer.alloc(400_000, 7))],
  ['nested', map([['bias', array(Buffer.alloc(8))]])],
  ['small', hex('9c c0 c2 c3 01 ff cc 80 cd 8000 d0 80 d3 8000000000000000 ca 3f800000 cb 3ff0000000000000 a1 61')],
  ['lists', hex('92 81 a1 61 dc 0001 01 c4 01 00')],
  [
    'numbers',
    hex(
      '93 d4 03 00 c7 02 02 0101 d5 03 0102'.replace('c7 02 02 0101', 'd5 02 9101').replace('d5 03 0102', 'd4 03 c0'),
    ),
  ],
]);
const scan = (bytes: Buffer) => scanOf('flax_model.msgpack', bytes);

describe('MessagePack of Flax', () => {
  it('is CLEAN to its last byte', async () => {
    const { verdict, findings, coverage } = await scan(EVERY);
    expect([verdict, findings, coverage.unattributed]).toEqual(['CLEAN', [], []]);
  });

  it.each([
    ['something behind it', Buffer.concat([EVERY, hex('c0')])],
    ['an extension that Flax has not', map([['a', extension(4, hex('c0'))]])],
    ['an extension in another', map([['a', extension(1, extension(1, hex('c0')))]])],
    ['an array with something behind it', map([['a', extension(1, hex('c0 c0'))]])],
    ['a byte that begins nothing', hex('c1')],
    ['more lists in lists than any reader takes', Buffer.alloc(500, 0x91)],
    ['a list of four thousand million', hex('dd ffffffff 00')],
  ])('is an ERROR with %s', async (_what, bytes) => {
    expect((await scan(bytes)).verdict).toBe('ERROR');
  });

  it('is never CLEAN when it is cut', async () => {
    const short = map([['a', array(Buffer.alloc(16))]]);
    expect((await scan(short)).verdict).toBe('CLEAN');
    for (let end = 1; end < short.length; end += 1)
      expect((await scan(short.subarray(0, end))).verdict).not.toBe('CLEAN');
  });

  it('ends whatever the bytes are, each byte owned where it is CLEAN', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        const { verdict, coverage, findings } = await scan(Buffer.from(bytes));
        if (verdict === 'CLEAN') expect(coverage.attributedBytes).toBe(bytes.length);
        expect(findings.some(({ rule }) => rule === 'FORMAT-FAULT')).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
