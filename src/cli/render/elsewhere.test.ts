import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlaceReport } from '../../base/index.js';
import { PLAN } from '../testing/fake-api.js';
import { agreementLines, placeLines } from './elsewhere.js';
import type { Look } from './look.js';
import { createNotices } from './notices.js';
import { renderPlan } from './plan.js';
import { createSigns, createStyle } from './style.js';
import { displayWidth } from './width.js';

const LOOKS = (['en', 'zh'] as const).map((lang): Look => ({
  lang,
  style: createStyle(false),
  signs: createSigns(true),
}));
const [EN] = LOOKS as [Look];

const NONE = { source: 'ms.example', ref: 'ms:o/n', commit: null, agree: [], differ: [], lack: [] };
const DIFFERENT = {
  file: 'b.bin',
  sizeBytes: 1000,
  sha256: 'a'.repeat(64),
  theirSizeBytes: 1000,
  theirSha256: 'b'.repeat(64),
};
const SOME: PlaceReport = { ...NONE, commit: 'c'.repeat(40), agree: ['a.bin'], differ: [DIFFERENT], lack: ['c.bin'] };

describe('other places', () => {
  it.each([
    [SOME, 'ms.example (ms:o/n): 1 of 3 files are the same, 1 differ, 1 not there'],
    [{ ...SOME, differ: [], lack: [] }, 'ms.example (ms:o/n): 1 of 1 files are the same'],
    [{ ...NONE, failure: { code: 'CONNECT', message: 'x' } }, 'ms.example (ms:o/n): no connection'],
    [{ ...NONE, unasked: 'not-public' }, 'does not call this repository public'],
    [{ ...NONE, unasked: 'unknown' }, 'does not call this repository public'],
    [{ ...NONE, unasked: 'not-a-public-hub' }, 'not for everybody'],
  ] as [PlaceReport, string][])('%j in a line', (report, text) => {
    expect(placeLines([report], EN)[0]).toContain(text);
  });

  it('say of each file who has it, and how it differs', () => {
    const other = { ...NONE, source: 'web.example', agree: ['a.bin', 'b.bin'] };
    const lines = agreementLines([SOME, other], EN, 200);
    expect(lines[0]).toMatch(/^a\.bin +ms\.example, web\.example$/);
    expect(lines[1]).toMatch(/^b\.bin +web\.example; differs at ms\.example: b{12} instead of a{12}$/);
    expect(lines[2]).toMatch(/^c\.bin +–$/);
  });

  it('show sizes that differ to the byte, and digests that are not told as such', () => {
    const text = (more: object): string =>
      agreementLines([{ ...NONE, differ: [{ ...DIFFERENT, ...more }] }], EN, 200).join('\n');
    expect(text({ theirSizeBytes: 1001 })).toContain('(1001 B) instead of');
    expect(text({ theirSha256: null })).toContain('no digest instead of');
  });

  it('of very many files, name those that differ', () => {
    const agree = Array.from({ length: 100 }, (_, index) => `f${index}`);
    const lines = agreementLines([{ ...SOME, agree }], EN, 200);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('b.bin');
  });

  it('are told to the end in a narrow plan', () => {
    const place = { ...SOME, agree: [], unasked: 'not-a-public-hub' as const };
    const lines = renderPlan('hf:o/n', { ...PLAN, elsewhere: [place] }, EN, 50);
    const words = lines.join(' ').split(/\s+/).join(' ');
    expect(words).toContain('not asked, as this comes from a hub that is not for everybody (hubs.also)');
  });

  it('fit into a plan of any width, in both languages', () => {
    const name = fc.string({ unit: fc.constantFrom('a', '/', '模', '.', '\u001b'), minLength: 1, maxLength: 90 });
    fc.assert(
      fc.property(name, fc.integer({ min: 40, max: 200 }), fc.constantFrom(...LOOKS), (text, columns, look) => {
        const place = { ...SOME, source: text, agree: [text] };
        const lines = renderPlan('hf:o/n', { ...PLAN, elsewhere: [place] }, look, columns).slice(1);
        for (const line of lines) {
          expect(displayWidth(line)).toBeLessThanOrEqual(columns);
          expect(line).not.toContain('\u001b');
        }
      }),
    );
  });
});

describe('notices', () => {
  const notices = createNotices('en', () => 0);

  it('tell who has some of the files too, and of one that differs', () => {
    const counts = { agree: 2, agreeBytes: 3_000_000, differ: 1, lack: 0, ms: 5 };
    const found = { type: 'source.found', source: 'ms.example', ref: 'ms:o/n', commit: null, ...counts } as const;
    expect(notices(found)?.text).toMatch(/^ms\.example has 2 of the files too, 3\S* MB \(ms:o\/n\)$/);
    expect(notices({ ...found, ref: 'ms:o/m', agree: 0 })).toBeUndefined();
    const differs = { type: 'source.differs', source: 'ms.example', ...DIFFERENT } as const;
    expect(notices(differs)?.text).toContain('another b.bin (bbbbbbbbbbbb instead of aaaaaaaaaaaa)');
  });

  it('keep quiet of a place that has nothing to give', () => {
    const absent = {
      type: 'source.absent',
      source: 'ms.example',
      ref: 'ms:o/n',
      code: 'CONNECT',
      message: 'x',
    } as const;
    expect(notices(absent)).toBeUndefined();
    const unasked = { type: 'source.unasked', source: 'ms.example', ref: 'ms:o/n', reason: 'not-public' } as const;
    expect(notices(unasked)).toBeUndefined();
  });
});
