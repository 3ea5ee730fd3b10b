import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGguf } from './testing/build-gguf.js';
import { buildSafetensors, layOut } from './testing/build-safetensors.js';
import { START_BYTES } from './limits.js';
import { sourceOfBuffer } from './sources.js';
import { scanFile } from './scan-file.js';

const { header, dataBytes } = layOut([{ name: 'a', dtype: 'F32', bits: 32, shape: [64] }]);
const LEAST = JSON.stringify(header).length;

/** One whose length of the header is just this. */
function ofLength(headerBytes: number, data = Buffer.alloc(dataBytes)): Buffer {
  return Buffer.concat([buildSafetensors(JSON.stringify(header).padEnd(headerBytes), 0), data]);
}

const scan = (file: Buffer, name = 'model.safetensors') => scanFile(sourceOfBuffer(file), name);
const told = async (file: Buffer, name?: string) => {
  const { verdict, formats, findings } = await scan(file, name);
  return [verdict, ...formats, ...findings.map(({ rule }) => rule)];
};

/** UNICODE takes all of the header as a text, up to a newline in the numbers. There the stream goes on. */
function polyglot(code: string, headerBytes: number): Buffer {
  const data = Buffer.alloc(dataBytes);
  data.write(`\n${code}`, START_BYTES - 8 - LAST_IN_START, 'latin1');
  return ofLength(headerBytes, data);
}
/** With this header the newline is the first byte behind what is looked at first. */
const LAST_IN_START = 0xff56;
/** Before that place, and where the line is longer than any that is held. */
const [SHORT, LONG] = [0x156, 256 * 300 + 0x56];

describe('a file whose first bytes are also opcodes', () => {
  it('is clean with every low byte of its header’s length', async () => {
    for (let low = 0; low < 256; low += 1) {
      const [small, large] = [256 + low, 256 * 300 + low].map((length) => ofLength(Math.max(length, LEAST)));
      expect([low, await told(small!)]).toEqual([low, ['CLEAN', 'safetensors']]);
      expect([low, await told(large!)]).toEqual([low, ['CLEAN', 'safetensors']]);
    }
  });

  it('is clean whatever the length of its header, and its numbers', async () => {
    const starts = fc.constantFrom(0x8002, 0x280, 0x480, 0x5028, 0x2846, 0x6328, 0x4e2e, 0x2958, 0x7d28);
    const lengths = fc.oneof(starts, fc.integer({ min: LEAST, max: 70_000 }));
    await fc.assert(
      fc.asyncProperty(lengths, fc.integer({ min: 0, max: 255 }), async (length, byte) => {
        const file = ofLength(Math.max(length, LEAST), Buffer.alloc(dataBytes, byte));
        expect(await told(file)).toEqual(['CLEAN', 'safetensors']);
        expect((await scan(file, 'weights.bin')).verdict).toBe('CLEAN');
      }),
      { numRuns: 150 },
    );
  });

  it('is clean as GGUF with any number of tensors', async () => {
    for (let count = 0; count < 256; count += 1) {
      const tensors = Array.from({ length: count }, (_, at) => ({
        name: `t${at}`,
        shape: [8],
        type: 0,
        startByte: at * 32,
      }));
      const file = buildGguf({ metadata: {}, tensors, dataBytes: count * 32 });
      expect([count, await told(file, 'model.gguf')]).toEqual([count, ['CLEAN', 'gguf']]);
    }
  });

  const IMPORTING: [string, string][] = [
    ['imports and calls, and ends', 'cos\nsystem\n(Vtrue\ntR.'],
    ['imports and calls, and breaks then', 'cos\nsystem\n(Vtrue\ntR\xff'],
    ['imports only, and breaks then', 'cos\nsystem\n\xff'],
    ['imports what nobody knows, and breaks then', 'cmine\nthing\n\xff'],
  ];
  it.each<[string, string]>([
    ...IMPORTING,
    ['asks for a persistent id, and breaks then', 'Vx\nQ\xff'],
    ['holds a pickle as a text, and breaks then', 'S\'cos\\nsystem\\n(S"true"\\ntR.\'\n\xff'],
  ])('is told where it %s', async (_name, code) => {
    for (const headerBytes of [LAST_IN_START, LONG]) {
      const found = await told(polyglot(code, headerBytes));
      expect(found[0]).not.toBe('CLEAN');
      expect(found).toContain('pickle');
    }
  });

  it.each(IMPORTING)('is told where, within what is looked at first, it %s', async (_name, code) => {
    const found = await told(polyglot(code, SHORT), 'weights.bin');
    expect(found[0]).not.toBe('CLEAN');
    expect(found).toContain('pickle');
  });

  it('is clean where its numbers are a line of text to the end, or go on as nothing', async () => {
    for (const code of ['', '.', ']', 'N0', 'c\0\nx\n'])
      expect([code, (await told(polyglot(code, LONG)))[0]]).toEqual([code, code === '.' ? 'ERROR' : 'CLEAN']);
  });
});

describe('text', () => {
  it('that begins with opcodes, on one long line or on lines of words, is text', async () => {
    for (const line of ['V'.padEnd(70_000, 'a'), `V${'a'.repeat(70_000)}\nand more\n`, 'cat\ndog\nI\n', 'const\n'])
      expect(await told(Buffer.from(line), 'notes.txt')).toEqual(['CLEAN', 'text']);
  });

  it('that is a pickle is one, behind a long line too, and where it imports what is known and breaks', async () => {
    for (const code of [`V${'a'.repeat(70_000)}\ncos\nsystem\n(Vtrue\ntR.`, 'cos\nsystem\nand so on\n'])
      expect(await told(Buffer.from(code), 'notes.txt')).toEqual(expect.arrayContaining(['pickle', 'PKL-IMPORT-DENY']));
  });
});
