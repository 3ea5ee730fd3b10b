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
