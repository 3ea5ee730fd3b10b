import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sourceOfBuffer } from '../sources.js';
import { LIMITS } from './limits.js';
import { runPickle } from './machine.js';
import type { PickleRun, PickleValue } from './port.js';
import { calling, shortText, stream } from './testing/streams.js';
import { writePickle, type Data } from './testing/write-pickle.js';

interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly c: string;
  readonly python: string;
  readonly pickletools: string;
}
const { vectors } = JSON.parse(readFileSync(new URL('testing/reader-vectors.json', import.meta.url), 'utf8')) as {
  readonly vectors: readonly Vector[];
};

/** Readers take or refuse them by what is installed or asked for: they are told otherwise, by what they import or a finding of their own. */
const BY_SURROUNDINGS = new Set(['GLOBAL py2 map p3', 'BINPERSID', 'EXT1 1']);
/** All three readers take them, and differ from others or in what they make of them. */
const REFUSED_ALL_THE_SAME = new Set([
  ...[
    'INT leading ws',
    'INT underscore',
    'LONG noL',
    'LONG underscore',
    'UNICODE surrogate',
    'BINUNICODE surrogatepass',
  ],
  ...['PROTO mid', 'POP on mark', 'STOP extra stack', 'PUT ws', 'GET leading zeros', 'FRAME short'],
  ...['memo: DUP of global then REDUCE', 'memo get swaps strings'],
]);

const run = (bytes: Buffer): Promise<PickleRun> => runPickle(sourceOfBuffer(bytes), 0, []);

describe('streams on which three readers of CPython were asked', () => {
  it.each(vectors)('$name', async ({ name, hex, c, python, pickletools }) => {
    const { outcome, findings } = await run(Buffer.from(hex, 'hex'));
    const isAgreed = [c, python, pickletools].every((word) => word === 'ok');
    if (isAgreed) expect(outcome).toBe(REFUSED_ALL_THE_SAME.has(name) ? 'noncanonical' : 'ok');
    else if (BY_SURROUNDINGS.has(name))
      expect([outcome, findings.length > 0]).toEqual(['ok', !name.startsWith('GLOBAL')]);
    else expect(outcome).not.toBe('ok');
  });
});

const data: fc.Arbitrary<Data> = fc.letrec<{ any: Data }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }),
    fc.double(),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.array(tie('any')),
    fc.array(tie('any')).map((tuple) => ({ tuple })),
    fc.array(fc.tuple(fc.string(), tie('any'))).map((dict) => ({ dict })),
  ),
})).any;

function read(value: PickleValue | undefined, bytes: Buffer): Data {
  if (value === undefined || value.kind === 'none') return null;
  if (value.kind === 'bool' || value.kind === 'int' || value.kind === 'float') return value.value;
  if (value.kind === 'str') return value.text ?? '';
  if (value.kind === 'bytes') return bytes.subarray(value.offsetBytes, value.offsetBytes + value.lengthBytes);
  if (value.kind === 'list') return value.items.map((item) => read(item, bytes));
  if (value.kind === 'tuple') return { tuple: value.items.map((item) => read(item, bytes)) };
  if (value.kind !== 'dict') throw new Error(value.kind);
  return { dict: value.entries.map(([key, item]) => [read(key, bytes), read(item, bytes)]) };
}

describe('a stream of data', () => {
  it('holds what was written', async () => {
    await fc.assert(
      fc.asyncProperty(data, async (value) => {
        const bytes = writePickle(value);
        const { outcome, root, endByte, findings } = await run(bytes);
        expect([outcome, endByte, findings]).toEqual(['ok', bytes.length, []]);
        expect(read(root, bytes)).toEqual(value);
      }),
      { numRuns: 200 },
    );
  });

  it('is broken wherever it is cut', async () => {
    const bytes = writePickle([
      1n,
      'text',
      { dict: [['key', { tuple: [null, 2.5, 300n, 2n ** 70n] }]] },
      Buffer.from('ab'),
    ]);
    for (let end = 0; end < bytes.length; end += 1) {
      const { outcome, endByte } = await run(bytes.subarray(0, end));
      expect([end, outcome, endByte <= end]).toEqual([end, 'broken', true]);
    }
  });

  it('is the same through windows of any size', async () => {
    const long = 'x'.repeat(LIMITS.textBytes + 1);
    const bytes = writePickle([
      ...Array.from({ length: 20_000 }, (_, n) => `name ${n}`),
      long,
      Buffer.alloc(3_000_000),
      5n,
    ]);
    const { outcome, root } = await run(bytes);
    expect(outcome).toBe('ok');
    const items = root?.kind === 'list' ? root.items : [];
    expect(items).toHaveLength(20_003);
    expect(items[19_999]).toMatchObject({ text: 'name 19999' });
    expect(items[20_000]).toMatchObject({ kind: 'str', lengthBytes: long.length });
    expect(items[20_000]).not.toHaveProperty('text');
    expect(items[20_002]).toEqual({ kind: 'int', value: 5n });
  });

  it('whose long text is no text is broken, wherever that stands', async () => {
    const place = fc.nat(2 * 1024 * 1024);
    await fc.assert(
      fc.asyncProperty(place, fc.constantFrom('ff', 'e2', '80', 'eda080'), async (at, hex) => {
        const text = Buffer.alloc(2 * 1024 * 1024 + 3, 'é');
        Buffer.from(hex, 'hex').copy(text, at - (at % 2));
        const length = Buffer.alloc(4);
        length.writeUInt32LE(text.length - 1);
        const { outcome } = await run(stream(0x80, 3, 'X', length, text.subarray(0, text.length - 1), '.'));
        expect(outcome).not.toBe('ok');
      }),
      { numRuns: 10 },
    );
  });
});

describe('a mark', () => {
  it('is not taken across', async () => {
    for (const taking of [stream(0x85), 'a', 's', 'R', 'b', 'p0\n', '2']) {
      const { outcome, findings } = await run(stream('NN(', taking, '1.'));
      expect([outcome, findings[0]?.evidence]).toEqual(['broken', 'it takes more from the stack than is there']);
    }
  });
});

describe('what a stream asks of us', () => {
  it('is bounded', async () => {
    const over = (count: number, bytes: string): Buffer => stream('N', Buffer.alloc(count * bytes.length, bytes), '.');
    for (const bytes of [
      over(LIMITS.stack, 'N'),
      over(LIMITS.stack + 1, '('),
      over(LIMITS.opcodes, '0N').subarray(0, LIMITS.opcodes + 10),
      stream(0x8b, Buffer.from('ffffff7f', 'hex')),
      stream('c', 'm'.repeat(LIMITS.nameBytes + 1), '\nname\n.'),
      stream('I', '1'.repeat(LIMITS.lineBytes + 1), '\n.'),
    ]) {
      const { outcome, findings } = await run(bytes);
      expect(outcome).toBe('broken');
      expect(findings.map(({ rule }) => rule)).toContain('LIMIT-HIT');
    }
  });

  it('is not multiplied by what it shares', async () => {
    // Each list holds the one before it ten times: as a tree, 10^50 values.
    const laughs = stream(
      0x80,
      4,
      ']',
      0x94,
      ...Array.from({ length: 50 }, (_, n) => stream('](', stream('h', n).toString('latin1').repeat(10), 'e', 0x94)),
    );
    const { outcome } = await run(stream(laughs, 0x85, Buffer.alloc(50, 'N0'), '.'));
    expect(outcome).toBe('noncanonical');
  });
});

describe('what is before a break', () => {
  it('is told, since it has run by then', async () => {
    const { outcome, imports, calls } = await run(stream(calling('os', 'system').subarray(0, -1), 0xff));
    expect(outcome).toBe('broken');
    expect(imports).toMatchObject([{ module: 'os', name: 'system' }]);
    expect(calls).toHaveLength(1);
  });

  it('and behind it, where one of the readers goes on', async () => {
    for (const wrong of [
      stream('I010\n0'),
      stream(0x95, Buffer.from('ffff000000000000', 'hex')),
      stream('h', 7, '0'),
    ]) {
      const { outcome, imports } = await run(stream(0x80, 4, wrong, shortText('os'), shortText('system'), 0x93, '.'));
      expect(outcome).not.toBe('ok');
      expect(imports).toMatchObject([{ module: 'os', name: 'system' }]);
    }
  });
});

describe('raw data behind an object', () => {
  const object = stream(0x80, 2, 'cx\ny\n)', 0x81, '}b');
  it('is gone over as the hook says', async () => {
    const bytes = stream(object, 'RAW!', '.');
    const seen = await runPickle(sourceOfBuffer(bytes), 0, [], { afterBuild: () => Promise.resolve(4) });
    expect(seen).toMatchObject({
      outcome: 'ok',
      endByte: bytes.length,
      rawSpans: [{ startByte: object.length, endByte: object.length + 4 }],
    });
    const without = await runPickle(sourceOfBuffer(stream(object, '.')), 0, [], {
      afterBuild: () => Promise.resolve(undefined),
    });
    expect(without).toMatchObject({ outcome: 'ok', rawSpans: [] });
  });

  it('breaks the stream where the hook cannot say, or says too much', async () => {
    const beyond = await runPickle(sourceOfBuffer(stream(object, '.')), 0, [], {
      afterBuild: () => Promise.resolve(2),
    });
    expect(beyond.outcome).toBe('broken');
    const unsure = await runPickle(sourceOfBuffer(stream(object, '.')), 0, [], {
      afterBuild: () => Promise.reject(new Error('no shape')),
    });
    expect(unsure).toMatchObject({ outcome: 'broken', findings: [{ evidence: 'no shape' }] });
  });
});
