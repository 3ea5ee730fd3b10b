import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createClean } from './clean.js';

const clean = createClean(['https://hub.example:8443/some/prefix', 'https://huggingface.co']);
const OURS = 'http://models.internal/hf';

describe('what an upstream said', () => {
  test.each([
    ['https://huggingface.co/acme/x', `${OURS}/acme/x`],
    ['see https://www.huggingface.co/acme/x#y, or hf.co', `see ${OURS}/acme/x#y, or models.internal`],
    ['https://hub.example:8443/some/prefix/acme', `${OURS}/acme`],
    ['https://hub.example:8443/elsewhere', `${OURS}/elsewhere`],
    ['hub.example:8443', 'models.internal'],
    ['https://cdn-lfs-us-1.hf.co/repos/a?Signature=b', ''],
    ['![](https://cas-bridge.xethub.hf.co/x) and more', '![]() and more'],
    ['//cdn-avatars.huggingface.co/v1/x.png', ''],
    ['https://arxiv.org/abs/1', 'https://arxiv.org/abs/1'],
    ['https://nothuggingface.com and myhf.com', 'https://nothuggingface.com and myhf.com'],
  ])('%s becomes %s', (said, ours) => {
    expect(clean({ deep: [said], [said]: 1, number: 7, nothing: null }, OURS)).toEqual({
      deep: [ours],
      [ours]: 1,
      number: 7,
      nothing: null,
    });
  });

  test('names no upstream whatever stands around it', () => {
    const part = fc.constantFrom(
      'huggingface.co',
      'hf.co',
      'hub.example:8443',
      'https://',
      '//',
      'a',
      '.',
      '/',
      ' ',
      '"',
      'cdn.',
      ':',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const text = clean(parts.join(''), OURS);
        expect(text).not.toMatch(/https?:\/\/(?:[\w-]+\.)*(?:huggingface\.co|hf\.co)(?:[/" ]|$)/);
      }),
      { numRuns: 5000 },
    );
  });

  test('is itself when our own host is a part of theirs', () => {
    const url = 'https://mirror.hf.co';
    expect(clean('https://huggingface.co/x', url)).toBe(`${url}/x`);
  });
});
