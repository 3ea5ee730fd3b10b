import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildProtobuf, type PlainField } from '../testing/build-protobuf.js';
import { rulesOf, scanOf } from '../testing/scan-text.js';

type Node = readonly [op: string, domain?: string, attributes?: readonly PlainField[]];

const node = ([op, domain, attributes = []]: Node): PlainField => [
  1,
  [[1, 'x'], [4, op], ...(domain === undefined ? [] : ([[7, domain]] as const)), ...attributes],
];
const tensor = (entries: Record<string, string>): PlainField => [
  5,
  [
    [8, 'w'],
    [2, 1],
    ...Object.entries(entries).map(([key, value]): PlainField => [
      13,
      [
        [1, key],
        [2, value],
      ],
    ]),
    [14, 1],
  ],
];
const model = (graph: readonly PlainField[], more: readonly PlainField[] = []): Buffer =>
  buildProtobuf([
    [1, 9],
    [2, 'pytorch'],
    [7, [[2, 'g'], ...graph]],
    [
      8,
      [
        [1, ''],
        [2, 17],
      ],
    ],
    ...more,
  ]);
const subgraph = (inner: Node): PlainField => [
  5,
  [
    [1, 'body'],
    [6, [node(inner)]],
  ],
];
const judged = async (bytes: Buffer) => {
  const scan = await scanOf('model.onnx', bytes);
  return [scan.verdict, ...rulesOf(scan)];
};

describe('ONNX', () => {
  it('of ordinary graphs is CLEAN', async () => {
    const bytes = model([
      node(['Add', 'ai.onnx']),
      node(['MatMulNBits', 'com.microsoft']),
      [
        5,
        [
          [8, 'w'],
          [9, Buffer.alloc(70_000)],
        ],
      ],
      tensor({ location: 'model.onnx_data', offset: '0', length: '4096' }),
    ]);
    expect(await judged(bytes)).toEqual(['CLEAN']);
    expect((await scanOf('x/model', bytes)).verdict).toBe('CLEAN');
    expect((await scanOf('model.onnx', bytes)).inventory.hooks).toContain('onnx.op=com.microsoft::MatMulNBits');
  });

  it.each([
    ['a custom domain', model([node(['Op', 'my.domain'])]), 'REVIEW', 'ONNX-DOMAIN medium'],
    ['Python', model([node(['PyOp', 'ai.onnx.contrib'])]), 'FINDINGS', 'ONNX-PYTHON critical'],
    [
      'one in a branch',
      model([node(['If', '', [subgraph(['PyOp', 'ai.onnx.contrib'])]])]),
      'FINDINGS',
      'ONNX-PYTHON critical',
    ],
    [
      'one in a branch of a branch',
      model([node(['If', '', [[5, [[11, [node(['Loop', '', [subgraph(['O', 'my.d'])]])]]]]]])]),
      'REVIEW',
      'ONNX-DOMAIN medium',
    ],
    [
      'one in a function',
      model(
        [],
        [
          [
            25,
            [
              [1, 'f'],
              [7, node(['O', 'my.d'])[1] as readonly PlainField[]],
            ],
          ],
        ],
      ),
      'REVIEW',
      'ONNX-DOMAIN medium',
    ],
    ['one that is only imported', model([], [[8, [[1, 'my.d']]]]), 'REVIEW', 'ONNX-DOMAIN medium'],
    ['one in training', model([], [[20, [[1, [node(['O', 'my.d'])]]]]]), 'REVIEW', 'ONNX-DOMAIN medium'],
    ['CVE-2022-25882', model([tensor({ location: '../../etc/passwd' })]), 'FINDINGS', 'ONNX-EXTDATA high'],
    ['CVE-2024-27318', model([tensor({ location: 'a/../../b' })]), 'FINDINGS', 'ONNX-EXTDATA high'],
    ['CVE-2025-51480', model([tensor({ location: '/tmp/x' })]), 'FINDINGS', 'ONNX-EXTDATA high'],
    ['CVE-2026-27489, a drive', model([tensor({ location: 'C:\\x' })]), 'FINDINGS', 'ONNX-EXTDATA high'],
    ['backslashes', model([tensor({ location: 'a\\..\\b' })]), 'FINDINGS', 'ONNX-EXTDATA high'],
    ['CVE-2026-34445', model([tensor({ location: 'x', __class__: 'y' })]), 'FINDINGS', 'ONNX-EXTDATA-KEY high'],
    ['a length that is none', model([tensor({ location: 'x', length: '-1' })]), 'FINDINGS', 'ONNX-EXTDATA high'],
    [
      'external data in an attribute',
      model([node(['Constant', '', [[5, [[5, tensor({ location: '/x' })[1] as readonly PlainField[]]]]]])]),
      'FINDINGS',
      'ONNX-EXTDATA high',
    ],
  ])('%s', async (_what, bytes, verdict, rule) => {
    expect(await judged(bytes)).toEqual([verdict, rule]);
  });

  it('of functions that it brings along is CLEAN when their bodies are', async () => {
    const own = (...body: Node[]): PlainField => [
      25,
      [[1, 'F'], [10, 'pkg.own'], ...body.map((one): PlainField => [7, node(one)[1] as readonly PlainField[]])],
    ];
    const called = [node(['F', 'pkg.own'])];
    expect(await judged(model(called, [[8, [[1, 'pkg.own']]], own(['Add'])]))).toEqual(['CLEAN']);
    expect(await judged(model(called, [own(['O', 'my.d'])]))).toEqual(['REVIEW', 'ONNX-DOMAIN medium']);
    expect(await judged(model([...called, node(['G', 'pkg.own'])], [own(['Add'])]))).toEqual([
      'REVIEW',
      'ONNX-DOMAIN medium',
    ]);
  });

  it('judges both of two values where readers take one', async () => {
    expect(
      await judged(
        model([
          [
            1,
            [
              [4, 'A'],
              [7, 'ai.onnx.contrib'],
              [7, ''],
            ],
          ],
        ]),
      ),
    ).toContain('ONNX-PYTHON critical');
  });

  it('does not account for fields that nobody knows, nor for what is cut', async () => {
    expect(await judged(model([], [[999, 'hidden']]))).toEqual(['NOT_SCANNED', 'COV-UNATTRIBUTED low']);
    const bytes = model([node(['Add'])]);
    expect(await judged(bytes.subarray(0, -3))).toContain('PB-FAULT low');
  });

  it('takes any bytes without a crash, and any cut without CLEAN beyond whole fields', async () => {
    const bytes = model([node(['If', '', [subgraph(['PyOp', 'ai.onnx.contrib'])]])]);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(255), async (at, byte) => {
        const changed = Buffer.from(bytes);
        changed[at] = byte;
        const scan = await scanOf('model.onnx', changed);
        expect(scan.findings.some(({ rule }) => rule === 'FORMAT-FAULT')).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
