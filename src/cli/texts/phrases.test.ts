import { expect, it } from 'vitest';
import { phraseText } from './index.js';

it('words of ours are told in the language of the reader, whatever is in them stays', () => {
  expect(phraseText('zh', 'critical: os.system')).toBe('严重：os.system');
  expect(phraseText('zh', '"key.pub" is no key: there is no such file.')).toBe('“key.pub” 不是密钥：没有这个文件。');
  expect(phraseText('zh', 'medium: not JSON: $1')).toBe('中等：不是有效的 JSON：$1');
  expect(phraseText('zh', 'critical: posix.system: posix runs programs or code')).toBe(
    '严重：posix.system：posix 可执行程序或代码',
  );
  expect(phraseText('zh', 'f has other bytes than were signed')).toMatch(/[\u4e00-\u9fff]/);
  expect(phraseText('zh', 'what nobody foresaw')).toBe('what nobody foresaw');
  expect(phraseText('en', 'below high')).toBe('below high');
});
