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

  it.each([
    ['a serialized model', model([3000, [[2, Buffer.alloc(9, 1)]]])],
    ['a model of words', model([2000, [[100, Buffer.alloc(9, 1)]]])],
    ['a layer that nobody knows', model([500, network([[1601, 'x']])])],
    ['a kind of model that nobody knows', model([700, 'x'])],
  ])('is NOT_SCANNED: %s', async (_what, bytes) => {
    expect((await judged(bytes))[0]).toBe('NOT_SCANNED');
  });

  it('is an ERROR where it breaks off', async () => {
    expect((await judged(model([500, network(CONVOLUTION)]).subarray(0, -5)))[0]).toBe('ERROR');
  });
});

describe('weights of Core ML', () => {
  const NAME = 'm.mlpackage/Data/com.apple.CoreML/weights/weight.bin';
  const sizes = fc.array(fc.nat(200), { minLength: 1, maxLength: 6 });

  it('are CLEAN as they are written, and never when they were cut, got longer or point elsewhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.nat(),
        fc.constantFrom('whole', 'cut', 'longer', 'offset', 'length', 'sentinel', 'count'),
        async (lengths, seed, change) => {
          const bytes = buildCoremlWeights(lengths);
          const spoilt = Buffer.from(bytes);
          const second = 64;
          if (change === 'offset') spoilt.writeBigUInt64LE(BigInt(192 + (seed % 1000)), second + 16);
          if (change === 'length') spoilt.writeBigUInt64LE(2n ** 63n - BigInt(seed % 1000), second + 8);
          if (change === 'sentinel') spoilt.writeUInt32LE(seed % 1000, second);
          if (change === 'count') spoilt.writeUInt32LE(lengths.length + 1 + (seed % 1000), 0);
          const made =
            change === 'cut'
              ? bytes.subarray(0, seed % bytes.length)
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
});
