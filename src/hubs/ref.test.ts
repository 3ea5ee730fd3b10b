import fc from 'fast-check';
import { expect, test } from 'vitest';

import { SluiceError } from '../base/index.js';
import { formatRef, parseRef } from './index.js';

test.each([
  ['org/name', 'hf:org/name'],
  ['gpt2', 'hf:gpt2'],
  ['hf:org/name@v1', 'hf:org/name@v1'],
  ['hf://org/name', 'hf:org/name'],
  ['hf:datasets/org/name@refs/pr/4', 'hf:datasets/org/name@refs/pr/4'],
  ['hf:models/org/name', 'hf:org/name'],
  ['hf:spaces/org/name', 'hf:spaces/org/name'],
  ['ms:org/name', 'ms:org/name'],
  ['https://huggingface.co/org/name', 'hf:org/name'],
  ['https://huggingface.co/datasets/org/name/tree/feature/x', 'hf:datasets/org/name@feature/x'],
  ['https://www.modelscope.cn/models/org/name/summary', 'ms:org/name'],
  ['https://host/x.bin', 'https://host/x.bin'],
  ['https://ann:secret@host/x.bin?a=b', 'https://host/x.bin?a=b'],
])('%s is %s', (text, canonical) => {
  expect(formatRef(parseRef(text))).toBe(canonical);
});

test.each([
  '',
  'a/b/c',
  'hf:',
  'hf:../x',
  'hf:a/b@',
  'hf:a/b@../x',
  'hf:a/b@x lock',
  'ms:name',
  'ftp://x/y',
  'a b',
  'hf:a--b/c',
])('%j is none', (text) => {
  expect(() => parseRef(text)).toThrow(expect.objectContaining({ code: 'BAD_REF' }));
});

test('no text makes it throw anything but BAD_REF, and what it reads is read again', () => {
  const text = fc.oneof(
    fc.string(),
    fc.stringMatching(/^(?:hf:|ms:)?[a-zA-Z0-9._/@%-]{0,30}$/),
    fc.stringMatching(/^https?:\/\/(?:huggingface\.co|modelscope\.cn|h)\/[a-z%A-F0-9/.@-]{0,30}$/),
  );
  fc.assert(
    fc.property(text, (typed) => {
      try {
        const ref = parseRef(typed);
        expect(parseRef(formatRef(ref))).toEqual(ref);
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error;
        expect(error.code).toBe('BAD_REF');
      }
    }),
    { numRuns: 2000 },
  );
});
