import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildProtobuf, type PlainField } from '../testing/build-protobuf.js';
import { buildCoremlWeights } from '../testing/build-coreml.js';
import { rulesOf, scanOf } from '../testing/scan-text.js';

const DESCRIPTION: PlainField = [2, [[1, [[1, 'x']]]]];
const model = (...fields: PlainField[]): Buffer => buildProtobuf([[1, 7], DESCRIPTION, ...fields]);
const network = (...layers: (readonly PlainField[])[]): readonly PlainField[] => layers.map((layer) => [1, layer]);
const CONVOLUTION: readonly PlainField[] = [[1, 'c'], [2, 'x'], [3, 'y'], [100, [[1, 3], [90, Buffer.alloc(64, 7)]]]]; // prettier-ignore
const CUSTOM: readonly PlainField[] = [[1, 'own'], [500, [[10, 'AcmeLayer'], [40, 'does things']]]]; // prettier-ignore

/** A program of one operation with one argument. */
const program = (op: string, value: readonly PlainField[], more: readonly PlainField[] = []): PlainField => {
  const argument: PlainField = [2, [[1, 'val'], [2, [[1, [[2, value]]]]]]]; // prettier-ignore
  const block: readonly PlainField[] = [[2, 'y'], [3, [[1, op], argument, [3, [[1, 'y'], [2, [[1, [[1, 10]]]]]]], ...more]]]; // prettier-ignore
  return [502, [[1, 1], [2, [[1, 'main'], [2, [[2, 'CoreML5'], [3, [[1, 'CoreML5'], [2, block]]]]]]]]]; // prettier-ignore
};
const blob = (path: string): readonly PlainField[] => [[5, [[1, path], [2, 64]]]]; // prettier-ignore
const judged = async (bytes: Buffer, name = 'm.mlpackage/Data/com.apple.CoreML/model.mlmodel') => {
  const scan = await scanOf(name, bytes);
  return [scan.verdict, ...rulesOf(scan)];
};

describe('Core ML', () => {
  it.each([
    ['a network', model([500, network(CONVOLUTION, CONVOLUTION)])],
    ['a classifier', model([403, [...network(CONVOLUTION), [100, [[1, 'cat']]]]])],
    ['trees', model([402, [[1, Buffer.alloc(20)]]])],
    [
      'a pipeline',
      model([
        202,
        [
          [
            1,
            [
              [1, 7],
              [604, [[1, Buffer.alloc(8)]]],
            ],
          ],
          [2, 'scale'],
        ],
      ]),
    ],
    ['a program', model(program('conv', blob('@model_path/weights/weight.bin')))],
  ])('is CLEAN: %s', async (_what, bytes) => {
    expect(await judged(bytes)).toEqual(['CLEAN']);
  });

  const inner = (field: number, index: number): Buffer => model([500, network([[field, [[index, network(CUSTOM)]]]])]);
  it.each([
    ['a layer of the app', model([500, network(CONVOLUTION, CUSTOM)]), 'COREML-CUSTOM medium'],
    ['one in a branch', inner(605, 2), 'COREML-CUSTOM medium'],
    ['one in a loop', inner(615, 4), 'COREML-CUSTOM medium'],
    ['one in a pipeline', model([200, [[1, [[1, [[303, network(CUSTOM)]]]]]]]), 'COREML-CUSTOM medium'],
    ['one without a name', model([500, network([[500, []]])]), 'COREML-CUSTOM medium'],
    ['a model of the app', model([555, [[10, 'AcmeModel']]]), 'COREML-CUSTOM medium'],
    ['an operation of the app', model(program('custom_layer', [[3, []]])), 'COREML-CUSTOM medium'],
    [
      'one inside another operation',
      model(program('cond', [[3, []]], [[4, [[3, [[1, 'custom_x']]]]]])),
      'COREML-CUSTOM medium',
    ],
    ['another model', model([556, [[1, [[1, [[1, 'other.mlmodelc']]]]]]]), 'COREML-FILE medium'],
    ['another model without a name', model([556, []]), 'COREML-FILE medium'],
  ])('is REVIEW: %s', async (_what, bytes, rule) => {
    expect(await judged(bytes)).toEqual(['REVIEW', rule]);
  });

  it.each([
    '/etc/passwd',
    'weights/weight.bin',
    '@model_path/../x',
    '@model_path/a/./b',
    '@model_path',
    '@model_path/a\\..\\b',
    '',
  ])('is FINDINGS with weights at %j, wherever it says so', async (path) => {
    expect(await judged(model(program('const', blob(path))))).toEqual(['FINDINGS', 'COREML-FILE high']);
    const listed: readonly PlainField[] = [[3, [[3, [[1, blob(path)]]]]]];
    expect(await judged(model(program('const', listed)))).toEqual(['FINDINGS', 'COREML-FILE high']);
    const ofType: readonly PlainField[] = [[2, [[1, [[4, [[1, 'a'], [2, blob(path)]]]]]]]]; // prettier-ignore
    expect(await judged(model(program('const', ofType)))).toEqual(['FINDINGS', 'COREML-FILE high']);
  });

  const OP = '502.2.2.3.2.3';
  const VALUE = `${OP}.2.2.1.2`;
  const TYPE = '1.4.2.5.1';
  it.each([
    ['of layers', 'REVIEW', ['500.1.500.10', '303.1.500.10', '403.1.500.10']],
    ['of branches and loops', 'REVIEW', ['605.1', '605.2', '615.3', '615.4'].map((way) => `500.1.${way}.1.500.10`)],
    ['of models', 'REVIEW', ['555.10', '200.1.1.555.10', '201.1.1.555.10', '202.1.555.10']],
    ['of operations', 'REVIEW', [`${OP}.1`, `${OP}.4.3.1`]],
    ['to linked models', 'REVIEW', ['556.1.1.1', '556.1.2.1']],
    ['to attributes', 'FINDINGS', ['502.4', '502.2.2.4', '502.2.2.3.2.4', `${OP}.5`].map((way) => `${way}.2.5.1`)],
    ['to what goes in', 'FINDINGS', [`502.2.2.1.2.${TYPE}`, `502.2.2.3.2.1.2.${TYPE}`]],
    ['to types', 'FINDINGS', ['', '2.1.', '3.1.', '4.1.', '4.2.', '5.1.'].map((way) => `${OP}.3.2.${way}${TYPE}`)],
    [
      'to values',
      'FINDINGS',
      [`2.${TYPE}`, '3.2.1.5.1', '3.3.1.5.1', '3.4.1.1.5.1', '3.4.1.2.5.1'].map((way) => `${VALUE}.${way}`),
    ],
  ])('follows the ways %s, each by the numbers of its fields', async (_what, verdict, ways) => {
    for (const way of ways) {
      const numbers = way.split('.').map(Number).reverse();
      const field = numbers.reduce<string | readonly PlainField[]>((inner, number) => [[number, inner]], 'custom/x');
      expect([way, (await judged(model(...(field as readonly PlainField[]))))[0]]).toEqual([way, verdict]);
    }
  });

  it('says by name what is looked for elsewhere', async () => {
    const { inventory } = await scanOf('m.mlmodel', model([556, [[1, [[1, [[1, 'other.mlmodelc']]]]]]]));
    expect(inventory.hooks).toEqual(['coreml.linked=', 'coreml.linked=other.mlmodelc']);
  });

  it.each([
    ['a serialized model', model([3000, [[2, Buffer.alloc(9, 1)]]])],
    ['a model of words', model([2000, [[100, Buffer.alloc(9, 1)]]])],
    ['a layer that nobody knows', model([500, network([[1601, 'x']])])],
    ['a kind of model that nobody knows', model([700, 'x'])],
  ])('is NOT_SCANNED: %s', async (_what, bytes) => {
    expect((await judged(bytes))[0]).toBe('NOT_SCANNED');
  });

  it('is told where its bytes are another format, too', async () => {
    const { findings } = await scanOf('model.mlmodel', buildCoremlWeights([64]));
    expect(findings.map(({ rule }) => rule)).toContain('TYPE-MISMATCH');
  });

  it('is an ERROR where it breaks off', async () => {
    expect((await judged(model([500, network(CONVOLUTION)]).subarray(0, -5)))[0]).toBe('ERROR');
  });
});

describe('weights of Core ML', () => {
  const NAME = 'm.mlpackage/Data/com.apple.CoreML/weights/weight.bin';
  const lastIndexOfSentinel = (bytes: Buffer): number => bytes.lastIndexOf('efbeadde', undefined, 'hex');
  const sizes = fc.array(fc.nat(200), { minLength: 1, maxLength: 6 });

  it('are CLEAN as they are written, and never when they were cut, got longer or point elsewhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.nat(),
        fc.constantFrom('whole', 'cut', 'longer', 'offset', 'length', 'sentinel', 'last sentinel', 'count'),
        async (lengths, seed, change) => {
          const bytes = buildCoremlWeights(lengths);
          const spoilt = Buffer.from(bytes);
          const second = 64;
          if (change === 'offset') spoilt.writeBigUInt64LE(BigInt(192 + (seed % 1000)), second + 16);
          if (change === 'length') spoilt.writeBigUInt64LE(2n ** 63n - BigInt(seed % 1000), second + 8);
          if (change === 'sentinel') spoilt.writeUInt32LE(seed % 1000, second);
          if (change === 'last sentinel') spoilt.writeUInt32LE(seed % 1000, lastIndexOfSentinel(bytes));
          if (change === 'count') spoilt.writeUInt32LE(lengths.length + 1 + (seed % 1000), 0);
          // Cut to nothing it is an empty file, and CLEAN.
          const made =
            change === 'cut'
              ? bytes.subarray(0, 8 + (seed % (bytes.length - 8)))
              : change === 'longer'
                ? Buffer.concat([bytes, Buffer.alloc(1 + (seed % 99), 1)])
                : spoilt;
          const [verdict] = await judged(made, NAME);
          if (change === 'whole') expect(verdict).toBe('CLEAN');
          else expect(verdict).not.toBe('CLEAN');
        },
      ),
      { numRuns: 150 },
    );
  });

  it('hide nothing in what pads them', async () => {
    const bytes = buildCoremlWeights([10, 10]);
    bytes.writeUInt8(1, 64 + 64 + 20);
    expect((await judged(bytes, NAME))[0]).toBe('ERROR');
  });

  it('say which blob is missing, which does not lie where it says, and where padding is not zero', async () => {
    const evidence = async (change: (bytes: Buffer) => Buffer | undefined): Promise<string[]> => {
      const bytes = buildCoremlWeights([10, 10]);
      const scan = await scanOf(NAME, change(bytes) ?? bytes);
      return scan.findings.filter(({ rule }) => rule === 'FORMAT-FAULT').map((found) => found.evidence);
    };
    const missing = await evidence((bytes) => bytes.subarray(0, 64 + 128));
    expect(missing).toEqual(['not coreml-weights: blob 2 of 2 is not there']);
    const astray = await evidence((bytes) => void bytes.writeUInt8(1, 192 + 16));
    expect(astray).toEqual(['not coreml-weights: the blob described at 192 does not lie behind it']);
    const padded = await evidence((bytes) => void bytes.writeUInt8(1, 64 + 64 + 20));
    expect(padded).toEqual(['not coreml-weights: padding at 138 that is not zero']);
  });

  it('are bounded in number', async () => {
    const bytes = buildCoremlWeights([10, 10]);
    bytes.writeUInt32LE(100_001, 0);
    const scan = await scanOf(NAME, bytes);
    expect([scan.verdict, ...rulesOf(scan)]).toContain('ERROR');
    expect(scan.findings.map(({ rule }) => rule)).toContain('LIMIT-HIT');
  });

  it('are CLEAN whatever opcode the low byte of their number is, but for the letter by which LZMA begins', async () => {
    for (let count = 1; count < 256; count += 1) {
      const bytes = buildCoremlWeights(Array.from({ length: count }, () => 8));
      const found = await judged(bytes, NAME);
      expect([count, ...found]).toEqual(count === 0x5d ? [count, 'NOT_SCANNED', 'PACKED-UNREADABLE medium'] : [count, 'CLEAN']); // prettier-ignore
    }
  });

  it('are told as the pickle that they are too', async () => {
    // SHORT_BINBYTES takes 130 bytes as one value: the stream goes on in the numbers of the first blob.
    const [count, firstBytes] = [0x43 + 130 * 256, 64];
    const bytes = Buffer.alloc(64 + firstBytes + count * 64);
    bytes.writeUInt32LE(count, 0);
    bytes.writeUInt32LE(2, 4);
    for (let index = 0; index < count; index += 1) {
      const at = 64 + index * 64 + (index === 0 ? 0 : firstBytes);
      bytes.writeUInt32LE(0xdeadbeef, at);
      bytes.writeBigUInt64LE(index === 0 ? BigInt(firstBytes) : 0n, at + 8);
      bytes.writeBigUInt64LE(BigInt(at + 64), at + 16);
    }
    expect(await judged(bytes, NAME)).toEqual(['CLEAN']);
    bytes.write('cos\nsystem\n(Vtrue\ntR.', 132, 'latin1');
    const found = await judged(bytes, NAME);
    expect(found[0]).not.toBe('CLEAN');
    expect(found).toContain('PKL-IMPORT-DENY critical');
  });
});

describe('a package of Core ML', () => {
  const MANIFEST = {
    fileFormatVersion: '1.0.0',
    itemInfoEntries: {
      '6F1B': { author: 'com.apple.CoreML', description: 'CoreML Model Specification', name: 'model.mlmodel', path: 'com.apple.CoreML/model.mlmodel' }, // prettier-ignore
      '9A2C': { author: 'com.apple.CoreML', description: 'CoreML Model Weights', name: 'weights', path: 'com.apple.CoreML/weights' }, // prettier-ignore
    },
    rootModelIdentifier: '6F1B',
  };

  it('is CLEAN in each of its files, each by its own name and bytes', async () => {
    expect(await judged(Buffer.from(JSON.stringify(MANIFEST)), 'm.mlpackage/Manifest.json')).toEqual(['CLEAN']);
    expect(await judged(model(program('conv', blob('@model_path/weights/weight.bin'))))).toEqual(['CLEAN']);
    expect(await judged(buildCoremlWeights([64, 3]), 'm.mlpackage/Data/com.apple.CoreML/weights/weight.bin')).toEqual(['CLEAN']); // prettier-ignore
  });

  it('is not made harmless by its names: a pickle is a pickle there', async () => {
    const code = Buffer.from('cos\nsystem\n(Vtrue\ntR.');
    for (const name of ['model.mlmodel', 'weights/weight.bin'])
      expect(await judged(code, `m.mlpackage/Data/com.apple.CoreML/${name}`)).toContain('PKL-IMPORT-DENY critical');
  });
});
