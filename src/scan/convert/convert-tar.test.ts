import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sourceOfBuffer } from '../sources.js';
import { buildTar, type TarEntry } from '../testing/build-tar.js';
import { ops, small, text } from '../testing/build-torch.js';
import { assertConverted, convertTorch } from './convert.js';

interface Tensor {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

const tuple = (...items: readonly Buffer[]): Buffer => ops('(', ...items, 't');
const pickle = (...parts: readonly (string | Buffer)[]): Buffer => ops('\x80\x02', ...parts, '.');
const words = (...values: readonly number[]): Buffer =>
  Buffer.concat(
    values.map((value) => {
      const word = Buffer.alloc(8);
      word.writeBigInt64LE(BigInt(value));
      return word;
    }),
  );

const [ROOT, PART, FIRST] = [10, 11, 100];
const CONTENT = Buffer.from(Array.from({ length: 48 }, (_, at) => at + 1));
const FLOAT = ops('ctorch\nFloatStorage\n');

/** Each of `tensors` over the whole storage, or, where `isPart`, over eight of its elements from the third on. */
interface Plan {
  readonly tensors: readonly Tensor[];
  readonly isPart?: boolean;
  readonly key?: number;
  readonly elements?: number;
  readonly tensorClass?: string;
  readonly part?: Buffer;
  readonly location?: string;
  readonly object?: Buffer;
  readonly littleEndian?: string;
}

/** As PyTorch wrote it before 0.1.10: for the numbers of axes with what lay behind them in memory. */
function membersOf(plan: Plan): Record<'sys_info' | 'pickle' | 'tensors' | 'storages', Buffer> {
  const { tensors, isPart = false, key = FIRST, elements = 12, tensorClass = 'FloatTensor', location = 'cpu' } = plan;
  const part = plan.part ?? (isPart ? tuple(small(PART), small(ROOT), small(2), small(8)) : Buffer.alloc(0));
  const entries = tensors.map((_, at) => ops(text(`t${at}`), text(String(key + at)), 'Q'));
  return {
    sys_info: pickle('}', text('little_endian'), plan.littleEndian ?? '\x88', 's'),
    pickle: plan.object ?? pickle('ccollections\nOrderedDict\n)R(', ...entries, 'u'),
    tensors: ops(
      pickle(small(tensors.length)),
      ...tensors.flatMap(({ shape, strides, offset }, at) => [
        pickle(tuple(small(key + at), small(isPart ? PART : ROOT), ops(`ctorch\n${tensorClass}\n`))),
        Buffer.from([shape.length, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef]),
        words(...shape, ...strides, offset),
      ]),
    ),
    storages: ops(
      pickle(small(1)),
      pickle(tuple(small(ROOT), text(location), FLOAT)),
      words(elements),
      CONTENT,
      pickle('](', part, 'e'),
    ),
  };
}

function checkpoint(members: Record<string, Buffer>, more: readonly TarEntry[] = []): Buffer {
  return buildTar([...Object.entries(members).map(([name, content]) => ({ name, content })), ...more]);
}

async function converted(file: Buffer) {
  const blocks: Buffer[] = [];
  const conversion = await convertTorch(sourceOfBuffer(file), (block) => {
    blocks.push(Buffer.from(block));
    return Promise.resolve();
  });
  const written = Buffer.concat(blocks);
  await assertConverted(sourceOfBuffer(written), conversion);
  const dataStart = 8 + Number(written.readBigUInt64LE(0));
  const header = JSON.parse(written.toString('utf8', 8, dataStart)) as Record<
    string,
    { shape: number[]; data_offsets: [number, number] } & Record<string, string>
  >;
  return (name: string) => {
    const { shape, data_offsets: span } = header[header.__metadata__?.[name] ?? name]!;
    return [shape, written.subarray(dataStart + span[0], dataStart + span[1])] as const;
  };
}

const WHOLE: Tensor = { shape: [3, 4], strides: [4, 1], offset: 0 };
const PLAN: Plan = { tensors: [WHOLE] };

const tensor = fc
  .tuple(
    fc.array(fc.record({ length: fc.nat({ max: 3 }), stride: fc.nat({ max: 4 }) }), { minLength: 1, maxLength: 3 }),
    fc.nat({ max: 9 }),
  )
  .map(([axes, offset]): Tensor => ({
    shape: axes.map(({ length }) => length),
    strides: axes.map(({ stride }) => stride),
    offset,
  }));
const lastOf = ({ shape, strides, offset }: Tensor): number =>
  shape.includes(0) ? offset - 1 : shape.reduce((sum, length, axis) => sum + (length - 1) * strides[axis]!, offset);

describe('checkpoints of PyTorch as a tar', () => {
  it('hold the same numbers, and none of what lies beyond their storage or their part of one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(tensor, { maxLength: 4 }), fc.boolean(), async (tensors, isPart) => {
        fc.pre(!isPart || tensors.length > 0);
        fc.pre(tensors.length > 0);
        const file = checkpoint(membersOf({ tensors, isPart }));
        if (tensors.some((each) => lastOf(each) >= (isPart ? 8 : 12))) {
          await expect(converted(file)).rejects.toThrow('goes beyond its storage');
          return;
        }
        const found = await converted(file);
        for (const [at, { shape, strides, offset }] of tensors.entries()) {
          const places = shape.reduce<number[]>(
            (before, length, axis) =>
              before.flatMap((place) => Array.from({ length }, (_, index) => place + index * strides[axis]!)),
            [offset + (isPart ? 2 : 0)],
          );
          const expected = Buffer.concat(places.map((place) => CONTENT.subarray(place * 4, place * 4 + 4)));
          expect(found(`t${at}`)).toEqual([shape, expected]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('of Python 2 have what is in them given when they are made', async () => {
    const object = pickle('ccollections\nOrderedDict\n](](', text('t0'), text('100'), 'Qee\x85R');
    expect((await converted(checkpoint(membersOf({ ...PLAN, object }))))('t0')).toEqual([[3, 4], CONTENT]);
  });

  const whole = membersOf(PLAN);
  const change = (name: keyof typeof whole, content: Buffer): Buffer => checkpoint({ ...whole, [name]: content });
  const { sys_info: _system, ...unsaid } = whole;

  it.each<[string, Buffer, string]>([
    ['a member twice', checkpoint(whole, [{ name: 'storages', content: whole.storages }]), 'storages is there twice'],
    ['a member that PyTorch knows not', checkpoint(whole, [{ name: './pickle', content: '.' }]), 'a member "./pickle"'],
    ['a link', checkpoint({ ...unsaid }, [{ name: 'sys_info', type: '2' }]), 'sys_info is no file'],
    ['no word of its system', checkpoint(unsaid), 'sys_info is not there'],
    ['high bytes first', checkpoint(membersOf({ ...PLAN, littleEndian: '\x89' })), 'high bytes'],
    ['a storage shorter than it says', checkpoint(membersOf({ ...PLAN, elements: 1000 })), 'ends too early'],
    ['a storage longer than it says', checkpoint(membersOf({ ...PLAN, elements: 11 })), 'a pickle that does not end'],
    ['a storage of less than nothing', checkpoint(membersOf({ ...PLAN, elements: -1 })), 'a count of -1'],
    ['a key of two things', checkpoint(membersOf({ ...PLAN, key: ROOT })), 'tensor 10 is there twice'],
    ['another class than its storage', checkpoint(membersOf({ ...PLAN, tensorClass: 'DoubleTensor' })), 'DoubleTensor'],
    ['a storage without numbers', checkpoint(membersOf({ ...PLAN, location: 'meta' })), 'is nowhere'],
    [
      'a part beyond its storage',
      checkpoint(membersOf({ ...PLAN, part: tuple(small(PART), small(ROOT), small(2), small(11)) })),
      'storage 11 goes beyond storage 10',
    ],
    [
      'a part in place of its storage',
      checkpoint(membersOf({ ...PLAN, part: tuple(small(ROOT), small(ROOT), small(2), small(3)) })),
      'storage 10 is there twice',
    ],
    [
      'a part that is nobody’s',
      checkpoint(membersOf({ ...PLAN, part: tuple(small(PART), small(ROOT), small(2), small(3)) })),
      'storage 11 is nobody’s',
    ],
    ['bytes behind its pickle', change('pickle', ops(whole.pickle, '.')), 'pickle: 1 bytes behind its end'],
    ['bytes behind its storages', change('storages', ops(whole.storages, 'x')), 'storages: 1 bytes behind'],
    ['bytes behind its tensors', change('tensors', ops(whole.tensors, 'x')), 'tensors: 1 bytes behind'],
    ['a tensor that nothing names', change('pickle', pickle('}')), 'tensor 100 is nobody’s'],
    [
      'a number of axes that differs',
      checkpoint(membersOf({ tensors: [{ shape: [], strides: [], offset: 0 }] })),
      '0 axes',
    ],
    [
      'something that runs',
      change(
        'pickle',
        pickle('}', text('t0'), text('100'), 'Qs', text('x'), 'cos\nsystem\n', tuple(text('true')), 'Rs'),
      ),
      'os.system',
    ],
    [
      'something that runs beside its storages',
      change('storages', ops(pickle('cos\nsystem\n', tuple(text('true')), 'R0', small(1)), whole.storages.subarray(5))),
      'os.system',
    ],
  ])('are refused with %s', async (_name, file, reason) => {
    await expect(converted(file)).rejects.toThrow(reason);
  });

  it('cut anywhere are refused', async () => {
    const file = checkpoint(whole);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: file.length - 1 }), async (length) => {
        await expect(converted(file.subarray(0, length))).rejects.toThrow();
      }),
      { numRuns: 100 },
    );
  });
});
