import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatPickle, type PickleValue } from './format-pickle.js';
import { parsePickle } from './parse-pickle.js';

const value = fc.letrec<{ value: PickleValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

/** Python, where it is installed, is the judge of what a pickle is. */
function python(script: string, input: string): string | undefined {
  try {
    return execFileSync('python3', ['-c', script], { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}

describe('a pickle of strings, lists and dicts', () => {
  test('is read as written', () => {
    fc.assert(
      fc.property(value, (original) => {
        const text = formatPickle(original);
        expect(text).toMatch(/^[\x20-\x7e\n]*$/);
        expect(parsePickle(Buffer.from(text))).toEqual(original);
      }),
    );
  });

  test('means the same to Python, whatever the protocol it answers in', () => {
    const original = [{ Path: 'a\\b 词 🙂 \n\u0000', Revision: 'r' }, { Path: 'x', Revision: 'r' }, ['', {}]];
    const script =
      'import pickle,sys,json,base64\nv=pickle.loads(sys.stdin.buffer.read())\n' +
      'print(json.dumps([v,[base64.b64encode(pickle.dumps(v,p)).decode() for p in range(6)]]))';
    const output = python(script, formatPickle(original));
    if (output === undefined) return;
    const [seen, pickles] = JSON.parse(output) as [unknown, string[]];
    expect(seen).toEqual(original);
    for (const pickle of pickles) expect(parsePickle(Buffer.from(pickle, 'base64'))).toEqual(original);
  });
});

describe('a pickle that is anything else', () => {
  test.each([
    ['a call', "cos\nsystem\n(S'echo'\ntR."],
    ['a number', 'I1\n.'],
    ['nothing', ''],
    ['no end', 'Vx\n'],
    ['a list in itself', ']q\x00h\x00a.'],
    ['a slot that is empty', 'h\x05.'],
    ['an item for no list', 'Va\nVb\na.'],
  ])('is refused: %s', (_, pickle) => {
    expect(parsePickle(Buffer.from(pickle, 'latin1'))).toBeUndefined();
  });

  test('never throws and always ends', () => {
    const opcodes = fc.constantFrom(...Array.from('(.]}ldaesuVXUpqrghj\x80\x8c\x94\x95\x00\x01\n'));
    const soup = fc.array(opcodes, { maxLength: 60 }).map((codes) => Buffer.from(codes.join(''), 'latin1'));
    const noise = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(soup, noise), (bytes) => {
        parsePickle(bytes);
      }),
      { numRuns: 2000 },
    );
  });
});
