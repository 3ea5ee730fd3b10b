import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSafetensorsHeader } from '../safetensors/header.js';
import { sourceOfBuffer } from '../sources.js';
import { ops, small, text } from '../testing/build-torch.js';
import { buildZip } from '../testing/build-zip.js';
import { assertConverted, convertTorch, type Conversion, type ConvertOptions } from './convert.js';

interface View {
  readonly storage: number;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly isParameter?: boolean;
}
interface Plan {
  readonly storages: readonly { readonly type: string; readonly itemBytes: number; readonly content: Buffer }[];
  readonly views: readonly View[];
  readonly byteOrder?: string;
  readonly more?: Buffer;
}

const HOOKS = ops('ccollections\nOrderedDict\n', ')R');
const tuple = (items: readonly Buffer[]): Buffer => ops('(', ...items, 't');

function tensor({ storages }: Plan, { storage, offset, shape, strides, isParameter = false }: View): Buffer {
  const { type, itemBytes, content } = storages[storage]!;
  const elements = small(content.length / itemBytes);
  const id = ops(
    tuple([text('storage'), ops(`ctorch\n${type}Storage\n`), text(String(storage)), text('cuda:0'), elements]),
    'Q',
  );
  const args = [id, small(offset), tuple(shape.map(small)), tuple(strides.map(small)), ops('\x89'), HOOKS];
  const made = ops('ctorch._utils\n_rebuild_tensor_v2\n', tuple(args), 'R');
  return isParameter ? ops('ctorch._utils\n_rebuild_parameter\n', tuple([made, ops('\x88'), HOOKS]), 'R') : made;
}

function objectOf(plan: Plan): Buffer {
  const entries = plan.views.map((view, at) => ops(text(`tensor.${at}`), tensor(plan, view)));
  return ops('\x80\x02ccollections\nOrderedDict\n)R(', ...entries, plan.more ?? '', 'u.');
}

function checkpoint(plan: Plan): Buffer {
  const members = [
    { name: 'm/data.pkl', content: objectOf(plan) },
    { name: 'm/byteorder', content: plan.byteOrder ?? 'little' },
    ...plan.storages.map(({ content }, key) => ({ name: `m/data/${key}`, content })),
  ];
  return buildZip({ members });
}

/** As PyTorch wrote it before 1.6; only storages that some tensor uses are in such a file. */
function legacyCheckpoint(plan: Plan): Buffer {
  const used = [...plan.storages.entries()].filter(([key]) => plan.views.some(({ storage: of }) => of === key));
  const counted = used.map(([, { content, itemBytes }]) => {
    const count = Buffer.alloc(8);
    count.writeBigInt64LE(BigInt(content.length / itemBytes));
    return ops(count, content);
  });
  const keys = used.map(([key]) => text(String(key)));
  return ops(...LEGACY_START, objectOf(plan), '\x80\x02](', ...keys, 'e.', ...counted);
}

const LEGACY_START = [
  '\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.',
  '\x80\x02M\xe9\x03.',
  ops('\x80\x02}(', text('protocol_version'), 'M\xe9\x03', text('little_endian'), '\x88u.'),
];

async function converted(
  plan: Plan,
  options?: ConvertOptions,
  encode: (plan: Plan) => Buffer = checkpoint,
): Promise<{ conversion: Conversion; file: Buffer }> {
  const blocks: Buffer[] = [];
  const write = (block: Buffer): Promise<void> => Promise.resolve(void blocks.push(Buffer.from(block)));
  const conversion = await convertTorch(sourceOfBuffer(encode(plan)), write, options);
  return { conversion, file: Buffer.concat(blocks) };
}

/** Every element by its index, as the definition of a view has it. */
function elements({ storages }: Plan, { storage, offset, shape, strides }: View): Buffer {
  const { itemBytes, content } = storages[storage]!;
  const places = shape.reduce<number[]>(
    (before, length, axis) => before.flatMap((at) => Array.from({ length }, (_, index) => at + index * strides[axis]!)),
    [offset],
  );
  return Buffer.concat(places.map((at) => content.subarray(at * itemBytes, (at + 1) * itemBytes)));
}

function replaced(bytes: Buffer, from: Buffer, to: Buffer): Buffer {
  const at = bytes.indexOf(from);
  return ops(bytes.subarray(0, at), to, bytes.subarray(at + from.length));
}

const TYPES = [
  { type: 'Float', itemBytes: 4, dtype: 'F32' },
  { type: 'BFloat16', itemBytes: 2, dtype: 'BF16' },
  { type: 'Long', itemBytes: 8, dtype: 'I64' },
  { type: 'Bool', itemBytes: 1, dtype: 'BOOL' },
  { type: 'ComplexFloat', itemBytes: 8, dtype: 'C64' },
];
const MOST_ELEMENTS = 200;
const storage = fc.tuple(fc.constantFrom(...TYPES), fc.infiniteStream(fc.nat(255))).map(([type, bytes]) => ({
  ...type,
  content: Buffer.from([...bytes.take(MOST_ELEMENTS * type.itemBytes)]),
}));
const axes = fc.array(fc.tuple(fc.nat(4), fc.nat(9)), { maxLength: 3 });
const plans: fc.Arbitrary<Plan> = fc
  .tuple(
    fc.array(storage, { minLength: 1, maxLength: 3 }),
    fc.array(fc.tuple(fc.nat(), fc.nat(60), axes, fc.boolean()), { maxLength: 6 }),
  )
  .map(([storages, views]) => ({
    storages,
    views: views.map(([at, offset, shape, isParameter]) => ({
      storage: at % storages.length,
      offset,
      shape: shape.map(([length]) => length),
      strides: shape.map(([, stride]) => stride),
      isParameter,
    })),
  }));

describe('checkpoints of PyTorch as safetensors', () => {
  it('hold the same numbers under the same names, bit for bit', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const { conversion, file } = await converted(plan);
        await assertConverted(sourceOfBuffer(file), conversion);
        expect((await converted(plan, {}, legacyCheckpoint)).file.equals(file)).toBe(true);
        const dataStart = 8 + Number(file.readBigUInt64LE(0));
        const { tensors, metadata } = parseSafetensorsHeader(file.subarray(8, dataStart), file.length - dataStart);
        expect(dataStart % 8).toBe(0);
        for (const [at, view] of plan.views.entries()) {
          const name = metadata.get(`tensor.${at}`) ?? `tensor.${at}`;
          const found = tensors.find((each) => each.name === name)!;
          expect([found.dtype, found.shape]).toEqual([
            TYPES.find(({ type }) => type === plan.storages[view.storage]!.type)!.dtype,
            view.shape,
          ]);
          const bytes = file.subarray(dataStart + found.startByte, dataStart + found.endByte);
          expect(bytes.equals(elements(plan, view))).toBe(true);
        }
        expect(tensors.length + conversion.shared.size).toBe(plan.views.length);
      }),
      { numRuns: 100 },
    );
  });

  const content = Buffer.from(Array.from({ length: 48 }, (_, at) => at));
  const plan: Plan = {
    storages: [{ type: 'Float', itemBytes: 4, content }],
    views: [{ storage: 0, offset: 0, shape: [3, 4], strides: [4, 1] }],
  };
  const withMore = (more: Buffer): Plan => ({ ...plan, more });

  it('have their numbers turned where the other end came first', async () => {
    const { file } = await converted({ ...plan, byteOrder: 'big' });
    expect(file.subarray(-48)).toEqual(Buffer.from(content).swap32());
    const complex = {
      ...plan,
      storages: [{ type: 'ComplexFloat', itemBytes: 8, content }],
      views: [{ ...plan.views[0]!, shape: [6], strides: [1] }],
      byteOrder: 'big',
    };
    expect((await converted(complex)).file.subarray(-48)).toEqual(Buffer.from(content).swap32());
  });

  it('have what is shared once, and keep what is no tensor as text', async () => {
    const view = plan.views[0]!;
    const { conversion, file } = await converted({
      ...plan,
      views: [view, { ...view, isParameter: true }],
      more: ops(text('epoch'), small(7)),
    });
    expect([...conversion.shared]).toEqual([['tensor.1', 'tensor.0']]);
    const header = file.subarray(8, 8 + Number(file.readBigUInt64LE(0)));
    expect(JSON.parse(header.toString())).toHaveProperty('__metadata__', {
      epoch: '7',
      'tensor.1': 'tensor.0',
      format: 'pt',
    });
  });

  it('have the names of dictionaries joined, if that is wanted', async () => {
    const nested = withMore(ops(text('model'), '}', text('w'), tensor(plan, plan.views[0]!), 's'));
    await expect(converted(nested)).rejects.toThrow('--flatten');
    const { conversion } = await converted(nested, { isFlattened: true });
    expect([...conversion.shared]).toEqual([['tensor.0', 'model.w']]);
  });

  it.each([
    ['runs something', withMore(ops(text('x'), 'cos\nsystem\n(', text('true'), 'tR')), 'os.system'],
    [
      'goes beyond its storage',
      { ...plan, views: [{ ...plan.views[0]!, shape: [4, 4] }] },
      'element 15 of a storage of 12',
    ],
    ['has a list in it', withMore(ops(text('x'), '](', small(1), 'e')), 'a list, which is no tensor'],
    [
      'has numbers that safetensors does not know',
      {
        ...plan,
        storages: [{ type: 'ComplexDouble', itemBytes: 16, content }],
        views: [{ ...plan.views[0]!, shape: [3], strides: [1] }],
      },
      'ComplexDoubleStorage',
    ],
    [
      'has a shorter storage than it says',
      {
        ...plan,
        storages: [{ type: 'Float', itemBytes: 4, content }],
        more: ops(
          text('y'),
          tensor(
            { ...plan, storages: [{ type: 'Float', itemBytes: 4, content: Buffer.alloc(200) }] },
            { ...plan.views[0]!, offset: 20 },
          ),
        ),
      },
      'beyond its storage',
    ],
  ])('are refused where one %s', async (_name, wrong, reason) => {
    await expect(converted(wrong)).rejects.toThrow(reason);
  });

  it('of the old form are refused where a byte is nobody’s, a storage is another’s part, or a count is wrong', async () => {
    const good = legacyCheckpoint(plan);
    const change = (how: (bytes: Buffer) => Buffer) => converted(plan, {}, () => how(Buffer.from(good)));
    await expect(change((bytes) => ops(bytes, 'x'))).rejects.toThrow('1 bytes behind the last storage');
    await expect(change((bytes) => bytes.subarray(0, -1))).rejects.toThrow('it ends before its last storage');
    await expect(change((bytes) => bytes.fill(1, bytes.length - 50, bytes.length - 49))).rejects.toThrow('not 12');
    const part = replaced(good, ops('K\x0ct'), ops('K\x0c(', text('1'), small(0), small(12), 'tt'));
    await expect(change(() => part)).rejects.toThrow('a part of another storage');
    const evil = legacyCheckpoint(withMore(ops(text('x'), 'cos\nsystem\n(', text('true'), 'tR')));
    await expect(change(() => evil)).rejects.toThrow('os.system');
  });

  it('are told from what was written otherwise', async () => {
    const { conversion, file } = await converted(plan);
    const flipped = Buffer.from(file);
    flipped.writeUInt8(file.readUInt8(file.length - 1) ^ 1, file.length - 1);
    await expect(assertConverted(sourceOfBuffer(flipped), conversion)).rejects.toThrow('tensor.0');
  });
});
