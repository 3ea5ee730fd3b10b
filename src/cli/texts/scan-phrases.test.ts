import fc from 'fast-check';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { phraseText } from './index.js';
import { scanPhrase, SENTENCES } from './scan-phrases.js';

const ROOM = join(import.meta.dirname, '..', '..', 'scan');
/** Made of the kind of a value. */
const MADE = /^a (?:str|list|tuple|dict|set|bytes|buffer|float|int|bool)$/;

it('every sentence is one that the scanner says', () => {
  const source = readdirSync(ROOM, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => readFileSync(join(ROOM, path), 'utf8'))
    .join('\n');
  const unsaid = Object.keys(SENTENCES).filter((text) => !MADE.test(text) && !source.includes(`'${text}'`));
  expect(unsaid).toEqual([]);
});

it.each([
  ['auto_map.AutoModel=x.Y: code of another repository', 'auto_map.AutoModel=x.Y：另一仓库中的代码'],
  ['not safetensors: a header of 9 bytes in a file of 8', '不是有效的 safetensors：文件共 8 字节，文件头却标明 9 字节'],
  ['named as npz or zip, with bytes of text and json', '按名称应为 npz 或 zip，内容却是 text 和 json'],
  ['named as gguf, with bytes of something else', '按名称应为 gguf，内容却是其他内容'],
  ['a persistent id: a call of a list', '持久化 id：调用 一个 list'],
  ['os.system: a call of nothing known', 'os.system：调用 nothing known'],
  [
    '8 of 20 bytes belong to nothing that is known, first at 12',
    '共 20 字节，其中 8 字节不属于任何已知结构，首处位于 12',
  ],
  ['template: the attribute __mro__', '模板：属性 __mro__'],
  ['template: it cannot be parsed: $1 of $2', '模板：无法解析：$1 of $2'],
  ['a: b: c: lies in another member', 'a: b: c：与另一成员重叠'],
  ['coreml.custom=A: a class of the program that loads the model', 'coreml.custom=A：由加载模型的程序提供的类'],
  ['coreml.linked=x: another model, looked for where it says', 'coreml.linked=x：另一模型，按其所指位置查找'],
  ['coreml.weights=/x: weights outside of the package', 'coreml.weights=/x：包之外的权重'],
  ['not coreml-weights: blob 2 of 3 is not there', '不是有效的 coreml-weights：共 3 个数据块，缺少第 2 个'],
  [
    'not coreml-weights: the blob described at 64 does not lie behind it',
    '不是有效的 coreml-weights：位于 64 处描述的数据块并不紧随其后',
  ],
  ['not coreml-weights: padding at 9 that is not zero', '不是有效的 coreml-weights：位于 9 处的填充不为零'],
  ['not coreml-weights: more than 100000 blobs', '不是有效的 coreml-weights：数据块超过 100000 个'],
])('%s is told in Chinese', (english, chinese) => {
  expect(phraseText('zh', english)).toBe(chinese);
  expect(phraseText('en', english)).toBe(english);
});

it('a name alone stays as it is, whatever stands in it, and a long one is soon looked through', () => {
  for (const name of ['__builtin__.eval', 'this and that.py', 'x or y', 'constructor', 'toString'])
    expect(scanPhrase(name)).toBeUndefined();
  const word = fc.constantFrom(
    'template: ',
    'x: ',
    'not x: ',
    'a call of ',
    'a persistent id: ',
    ' as a key',
    'os.system',
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 100 }), (words) => {
      const told = phraseText('zh', words.join(''));
      expect(told.split('os.system').length).toBe(words.join('').split('os.system').length);
    }),
    { numRuns: 100 },
  );
});
