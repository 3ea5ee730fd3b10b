import { describe, expect, it } from 'vitest';
import { sourceOfBuffer } from '../../sources.js';
import { ops, small, text } from '../../testing/build-torch.js';
import { runPickle } from '../machine.js';
import { shortText } from '../testing/streams.js';
import { judgePickle } from './judge-pickle.js';
import { TORCH } from './torch-profile.js';

const HOOKS = ops('ccollections\nOrderedDict\n)R');
const tuple = (...items: readonly Buffer[]): Buffer => ops('(', ...items, 't');
const id = (type: string, key = '0', location = 'cpu'): Buffer =>
  ops(tuple(text('storage'), ops(`ctorch\n${type}\n`), text(key), text(location), small(8)), 'Q');
const rebuilt = (name: string, ...args: readonly Buffer[]): Buffer =>
  ops(`ctorch._utils\n_rebuild_${name}\n`, tuple(...args), 'R');
/** Counts in bytes. */
const UNTYPED = ops(
  tuple(text('storage'), ops('ctorch.storage\nUntypedStorage\n'), text('0'), text('cpu'), small(8)),
  'Q',
);
const FLOATS = id('FloatStorage');
const view = (storage: Buffer, last = 8, hooks = HOOKS): readonly Buffer[] => [
  ...[storage, small(0), tuple(small(last)), tuple(small(1)), ops('\x89'), hooks],
];
const TENSOR = rebuilt('tensor_v2', ...view(FLOATS));

async function judged(object: Buffer): Promise<string[]> {
  const bytes = ops('\x80\x02', object, '.');
  const run = await runPickle(sourceOfBuffer(bytes), 0, [], { isPersistentIdAllowed: true, isEncodingUtf8: true });
  const { verdict, findings } = judgePickle(run, [TORCH], []);
  return [verdict, ...findings.map(({ rule }) => rule)];
}

describe('what PyTorch’s weights-only reader loads', () => {
  it.each([
    ['a tensor', TENSOR],
    ['a parameter', rebuilt('parameter', TENSOR, ops('\x88'), HOOKS)],
    ['a tensor that says its type', rebuilt('tensor_v3', ...view(UNTYPED, 4), ops('ctorch\nuint16\n'))],
    [
      'a tensor with attributes',
      ops(
        'ctorch._tensor\n_rebuild_from_type_v2\n',
        tuple(
          ops('ctorch._utils\n_rebuild_tensor_v2\n'),
          ops('ctorch\nTensor\n'),
          tuple(...view(FLOATS)),
          ops('}', text('note'), small(1), 's'),
        ),
        'R',
      ),
    ],
    ['bytes of Python 2', ops('c_codecs\nencode\n', tuple(text('é'), text('latin1')), 'R')],
    [
      'a size and a device',
      tuple(
        ops('ctorch\nSize\n', tuple(tuple(small(2))), 'R'),
        ops('ctorch\ndevice\n', tuple(text('cuda'), small(1)), 'R'),
      ),
    ],
    ['an old string in UTF-8', ops('U\x02', Buffer.from('é'))],
  ])('%s', async (_name, object) => {
    expect(await judged(object)).toEqual(['CLEAN']);
  });

  it.each([
    ['opcodes of later protocols', shortText('x'), 'PKL-OPCODE'],
    ['a view beyond its storage', rebuilt('tensor_v2', ...view(FLOATS, 9)), 'PKL-CALL'],
    ['a view beyond its bytes', rebuilt('tensor_v3', ...view(UNTYPED, 5), ops('ctorch\nuint16\n')), 'PKL-CALL'],
    ['a view of something else', rebuilt('tensor_v2', ...view(ops('N'))), 'PKL-CALL'],
    ['hooks', rebuilt('tensor_v2', ...view(FLOATS, 8, ops(HOOKS, text('f'), 'Ns'))), 'PKL-CALL'],
    ['a module by its source', ops(tuple(text('module'), text('x'), text('y')), 'Q'), 'PKL-CALL'],
    ['a key that leads elsewhere', rebuilt('tensor_v2', ...view(id('FloatStorage', '../x'))), 'PKL-CALL'],
    ['another codec', ops('c_codecs\nencode\n', tuple(text('x'), text('rot13')), 'R'), 'PKL-CALL'],
    ['a storage that is called', ops('ctorch\nFloatStorage\n', tuple(small(9)), 'R'), 'PKL-CALL'],
    ['a tensor that is filled', ops(TENSOR, text('x'), 'Ns'), 'PKL-CALL'],
    ['a tensor that is appended to', ops(TENSOR, 'Na'), 'PKL-CALL'],
    ['attributes of a tensor by BUILD', ops(TENSOR, '}b'), 'PKL-CALL'],
    ['attributes of a dictionary that Python itself goes by', ops(HOOKS, '}', text('__class__'), 'Nsb'), 'PKL-CALL'],
    ['a name with a path in it', ops('ctorch\n_utils._rebuild_tensor_v2\n'), 'PKL-NONCANONICAL'],
    [
      'a rebuilding in a rebuilding',
      ops(
        'ctorch._tensor\n_rebuild_from_type_v2\n',
        tuple(ops('ctorch._tensor\n_rebuild_from_type_v2\n'), ops('ctorch\nTensor\n'), ops(')'), ops('}')),
        'R',
      ),
      'PKL-CALL',
    ],
  ])('not %s', async (_name, object, rule) => {
    const [verdict, ...rules] = await judged(object);
    expect(verdict).not.toBe('CLEAN');
    expect(rules).toContain(rule);
  });
});
