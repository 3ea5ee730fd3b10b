import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildProtobuf, type PlainField } from '../testing/build-protobuf.js';
import { rulesOf, scanOf } from '../testing/scan-text.js';

const node = (name: string, op: string, calls?: string): readonly PlainField[] => [
  [1, name],
  [2, op],
  ...(calls === undefined
    ? []
    : ([
        [
          5,
          [
            [1, 'f'],
            [2, [[10, [[1, calls]]]]],
          ],
        ],
      ] as const)),
];
const fn = (name: string, ...nodes: (readonly PlainField[])[]): PlainField => [
  2,
  [[1, [[1, [[1, name]]], ...nodes.map((one): PlainField => [3, one])]]],
];
const saved = (graph: readonly PlainField[], saver: readonly PlainField[] = []): Buffer =>
  buildProtobuf([
    [1, 1],
    [
      2,
      [
        [2, graph],
        [3, saver],
      ],
    ],
  ]);
const judged = async (bytes: Buffer, name = 'saved_model.pb') => {
  const scan = await scanOf(name, bytes);
  return [scan.verdict, ...rulesOf(scan)];
};
const SAVER: readonly PlainField[] = [
  [1, 'saver_filename:0'],
  [2, 'Call_1:0'],
  [3, 'Call_2'],
];
const call = (name: string, calls: string): PlainField => [1, node(name, 'StatefulPartitionedCall', calls)];

describe('TensorFlow', () => {
  it('of ordinary models is CLEAN, savers included', async () => {
    const graph: PlainField[] = [
      [1, node('a', 'MatMul')],
      call('Call_1', '__inference__traced_save_1'),
      call('Call_2', '__inference__traced_restore_2'),
      fn('__inference__traced_save_1', node('s', 'SaveV2'), node('n', 'ShardedFilename')),
      fn('__inference__traced_restore_2', node('r', 'RestoreV2')),
    ];
    expect(await judged(saved(graph, SAVER))).toEqual(['CLEAN']);
    const old = saved(
      [
        [1, node('save/SaveV2', 'SaveV2')],
        [1, node('save/r', 'RestoreV2')],
      ],
      [
        [1, 'save/Const:0'],
        [3, 'save/all'],
      ],
    );
    expect(await judged(old)).toEqual(['CLEAN']);
  });

  it.each([
    ['reads files', saved([[1, node('a', 'ReadFile')]])],
    ['writes files in a function', saved([fn('f', node('a', 'WriteFile'))])],
    ['calls Python', saved([[1, node('a', 'PyFunc')]])],
    ['saves outside of a saver', saved([[1, node('a', 'SaveV2')]], SAVER)],
    ['saves when it is restored', saved([call('Call_2', 'r'), fn('r', node('a', 'SaveV2'))], SAVER)],
    [
      'calls the saver from elsewhere',
      saved([call('Call_1', 's'), call('serving', 's'), fn('s', node('a', 'SaveV2'))], SAVER),
    ],
    [
      'calls the saver from a function',
      saved([call('Call_1', 's'), fn('g', node('x', 'PartitionedCall', 's')), fn('s', node('a', 'SaveV2'))], SAVER),
    ],
    [
      'calls the saver from a function by a saver’s name',
      saved(
        [call('Call_1', 's'), fn('g', node('Call_1', 'PartitionedCall', 's')), fn('s', node('a', 'SaveV2'))],
        SAVER,
      ),
    ],
    ['names a function as an operation', saved([[1, node('a', 'ReadFile')], fn('ReadFile', node('b', 'Add'))])],
    ['has an asset elsewhere', buildProtobuf([[2, [[6, [[2, '../../x']]]]]])],
  ])('%s: FINDINGS', async (_what, bytes) => {
    expect(await judged(bytes)).toEqual(['FINDINGS', 'TF-OP high']);
  });

  it('asks about operations that nobody knows, not about functions of its own', async () => {
    expect(await judged(saved([[1, node('a', 'MyCustomOp')]]))).toEqual(['REVIEW', 'TF-OP-UNKNOWN medium']);
    expect(await judged(saved([[1, node('a', 'mine')], fn('mine', node('b', 'Add'))]))).toEqual(['CLEAN']);
  });

  it('reads graphs by themselves, and what Keras keeps', async () => {
    expect(await judged(buildProtobuf([[1, node('a', 'ReadFile')]]), 'frozen.pb')).toEqual(['FINDINGS', 'TF-OP high']);
    const lambda = JSON.stringify({ class_name: 'Lambda', config: { function: ['4wEA'] } });
    expect(
      await judged(
        buildProtobuf([
          [
            1,
            [
              [2, 1],
              [5, lambda],
            ],
          ],
        ]),
        'keras_metadata.pb',
      ),
    ).toEqual(['FINDINGS', 'KERAS-CLASS critical']);
  });

  it('takes any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const scan = await scanOf('saved_model.pb', Buffer.from(bytes));
        expect(scan.findings.some(({ rule }) => rule === 'FORMAT-FAULT')).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
