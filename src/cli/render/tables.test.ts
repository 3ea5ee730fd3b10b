import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Explanation, HeldModel } from '../api.js';
import { PLAN } from '../testing/fake-api.js';
import { renderExplanation } from './explanation.js';
import { renderGarbage } from './garbage.js';
import { renderListing } from './listing.js';
import type { Look } from './look.js';
import { renderPlan } from './plan.js';
import { createSigns, createStyle } from './style.js';
import { renderVerification } from './verification.js';
import { displayWidth } from './width.js';

const LOOKS = (['en', 'zh'] as const).map((lang): Look => ({
  lang,
  style: createStyle(true),
  signs: createSigns(true),
}));
const [EN] = LOOKS as [Look];

const path = fc.string({ unit: fc.constantFrom('a', '/', '-', '模', '.', '0'), minLength: 1, maxLength: 120 });
const count = fc.integer({ min: 0, max: 2 ** 40 });

const piece = (index: number, source: string, retries = 0) => ({
  index,
  startByte: index * 100,
  endByte: index * 100 + 100,
  source,
  atMs: index * 1000 + 500,
  ms: 400,
  retries,
});

const MODEL: HeldModel = {
  ref: 'hf:o/n',
  revision: 'main',
  commit: 'c'.repeat(40),
  view: 'hf',
  path: '/cache',
  state: 'complete',
  files: 3,
  bytes: 1,
  addedBytes: 1,
  pulledAtMs: 0,
  pullId: 'id-1',
};

const EXPLANATION: Explanation = {
  id: 'id-1',
  ref: 'hf:o/n',
  commit: 'c'.repeat(40),
  startedAtMs: 0,
  ms: 5000,
  view: 'hf',
  path: '/cache',
  requests: 9,
  elsewhere: [],
  sources: [{ source: 'a.example', bytes: 300, pieces: 3, retries: 1 }],
  files: [
    {
      path: 'model.bin',
      sizeBytes: 600,
      sha256: 'a'.repeat(64),
      checks: ['sha256'],
      fetchedBytes: 500,
      pieces: [
        piece(0, 'local'),
        piece(1, 'a.example'),
        piece(2, 'a.example'),
        piece(3, 'b.example'),
        piece(4, 'b.example', 2),
      ],
    },
    { path: 'config.json', sizeBytes: 10, sha256: 'b'.repeat(64), checks: [], fetchedBytes: 0, pieces: [] },
  ],
  decisions: [
    {
      ...{ atMs: 400, more: 3 },
      event: {
        ...{ type: 'scheduler.connections', source: 'a.example', from: 8, to: 16, reason: 'climb' },
        ...{ goodputBefore: 40e6, goodputAfter: 80e6 },
      },
    },
    {
      atMs: 1500,
      event: {
        ...{ type: 'scheduler.taken-back', source: 'b.example', file: 'model.bin', index: 3, reason: 'silent' },
        ...{ to: null, silentMs: 1200, leftMs: null, thenMs: null },
      },
    },
    {
      atMs: 1600,
      event: {
        ...{ type: 'source.degraded', source: 'b.example', reason: 'round-trip' },
        ...{ score: 50, roundTripMs: 400, earlierRoundTripMs: 20, failedShare: 0, bytesPerSecond: 1e6 },
        ...{ to: 'a.example', toScore: 100, toRoundTripMs: 20, toBytesPerSecond: 40e6 },
      },
    },
  ],
};

describe('tables', () => {
  it('are never wider than the terminal, in both languages', () => {
    const rows = fc.array(fc.record({ path, bytes: count }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(rows, fc.integer({ min: 40, max: 220 }), fc.constantFrom(...LOOKS), (items, columns, look) => {
        const models = items.map((item) => ({
          ...MODEL,
          ref: item.path,
          bytes: item.bytes,
          view: 'modelscope-legacy',
          path: item.path,
        }));
        const garbage = {
          items: items.map((item) => ({ kind: 'partial' as const, name: item.path, bytes: item.bytes, usedAtMs: 0 })),
          freedBytes: 1,
          keptBytes: 2,
          applied: false,
        };
        const findings = items.map((item) => ({ path: item.path, problem: 'wrong' as const, detail: item.path }));
        const refused = items.map((item) => ({ path: item.path, policy: 'house', rule: 'PKL-IMPORT-DENY' }));
        const lines = [
          ...renderListing(models, look, columns, 9e9),
          ...renderGarbage(garbage, look, columns, 9e9).slice(0, -1),
          ...renderVerification({ target: 't', files: 1, bytes: 1, ms: 1, findings }, look, columns),
          ...renderPlan('hf:o/n', { ...PLAN, target: items[0]!.path, refused }, look, columns).slice(1),
        ];
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
      }),
    );
  });

  it('of a plan name what was refused before, the first few', () => {
    const refused = Array.from({ length: 7 }, (_, index) => ({ path: `${index}.bin`, policy: 'house', rule: 'BAD' }));
    const text = renderPlan('hf:o/n', { ...PLAN, refused }, EN, 100).join('\n');
    expect(text).toMatch(/REFUSED before.*0\.bin \(BAD\), by the policy "house"/);
    expect(text).toContain('and 2 more');
    expect(renderPlan('hf:o/n', PLAN, EN, 100).join('\n')).not.toContain('REFUSED');
  });

  it('are whole when a program reads them', () => {
    const long = 'x'.repeat(300);
    const lines = renderListing([{ ...MODEL, ref: long, path: long }], EN, Number.POSITIVE_INFINITY, 0).join('\n');
    expect(lines.split('x'.repeat(200)).length).toBe(3);
  });
});

describe('an explanation', () => {
  it('names for every piece where it came from, neighbours from one source together', () => {
    const lines = renderExplanation(EXPLANATION, EN, { columns: 100, everyPiece: false }).join('\n');
    expect(lines).toMatch(/piece 0 .*from this disk/);
    expect(lines).toMatch(/pieces 1–2 +200 B +a\.example/);
    expect(lines).toMatch(/piece 3 .*b\.example/);
    expect(lines).toMatch(/piece 4 .*b\.example.*2 retries/);
    expect(lines).toContain('was here already');
    expect(lines).toContain('gave no digest');
  });

  it('tells why a source was asked for more, or left', () => {
    const lines = renderExplanation(EXPLANATION, EN, { columns: 200, everyPiece: false });
    expect(lines.slice(-3)).toEqual([
      '  +0.4 s  a.example: 8 to 16 connections, more are tried: 40.0 MB/s, then 80.0 MB/s (and 3 more like it)',
      '  +1.5 s  b.example: model.bin goes elsewhere, silent for 1.2 s',
      '  +1.6 s  b.example: scored down, answers after 400 ms; a.example after 20 ms',
    ]);
  });

  it('counts retries, and says why in the language of the reader', () => {
    const why = (retries: number, reason: string, look: typeof EN): string => {
      const files = [{ ...EXPLANATION.files[0]!, pieces: [{ ...piece(0, 'a.example', retries), reason }] }];
      return renderExplanation({ ...EXPLANATION, files }, look, { columns: 100, everyPiece: false }).join('\n');
    };
    expect(why(1, 'slow edge', EN)).toContain('1 retry (slow edge)');
    expect(why(2, 'slow edge', { ...EN, lang: 'zh' })).toContain('重试 2 次（节点慢）');
    expect(why(1, 'answer of 3 bytes', { ...EN, lang: 'zh' })).toContain('重试 1 次（answer of 3 bytes）');
  });

  it('gives a file that came in one piece one line', () => {
    const [file] = EXPLANATION.files;
    const files = [{ ...file!, pieces: [piece(0, 'a.example')] }];
    const lines = renderExplanation({ ...EXPLANATION, files, decisions: [] }, EN, { columns: 100, everyPiece: false });
    expect(lines.at(-1)).toMatch(/model\.bin.*a\.example · proven by SHA-256/);
  });

  it('can show each piece on its own', () => {
    const lines = renderExplanation(EXPLANATION, EN, { columns: 100, everyPiece: true });
    expect(lines.filter((line) => /piece \d/.test(line))).toHaveLength(5);
  });
});
