import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth, padEnd, truncateEnd, truncateMiddle, wrap } from './width.js';

const texts = fc.string({
  unit: fc.constantFrom(
    'a',
    'Z',
    '-',
    '/',
    '.',
    ' ',
    ' ',
    '模',
    '型',
    '，',
    '。',
    '한',
    'é',
    'e\u0301',
    '😀',
    '\u200d',
    '…',
  ),
  maxLength: 80,
});

describe('displayWidth', () => {
  it.each([
    ['model.bin', 9],
    ['模型', 4],
    ['ｆｕｌｌ', 8],
    ['한글', 4],
    ['e\u0301', 1],
    ['😀', 2],
    ['━─·✓…→–', 7],
    ['\u001b[31mred\u001b[39m', 3],
    ['', 0],
  ])('of %j is %i cells', (text, cells) => expect(displayWidth(text)).toBe(cells));
});

describe('cutting', () => {
  it('never gives more cells than there are, and leaves what fits alone', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 60 }), (text, width) => {
        for (const cut of [truncateEnd(text, width), truncateMiddle(text, width), truncateMiddle(text, width, '...')]) {
          expect(displayWidth(cut)).toBeLessThanOrEqual(width);
          if (displayWidth(text) <= width) expect(cut).toBe(text);
        }
      }),
    );
  });

  it('in the middle keeps both ends', () => {
    expect(truncateMiddle('model-00001-of-00042.safetensors', 20)).toBe(
      'model-0…safetensors'.slice(0, 7) + '…' + '.safetensors',
    );
  });

  it('pads to cells, not to characters', () => expect(padEnd('模型', 6)).toBe('模型  '));
});

describe('wrap', () => {
  it('gives lines that fit and loses nothing but spaces', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 40 }), (text, width) => {
        const lines = wrap(text, width);
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      }),
    );
  });

  it('breaks Chinese anywhere but before a closing mark', () => {
    expect(wrap('已中断。到达的内容。', 6)).toEqual(['已中', '断。到', '达的内', '容。']);
  });
});
