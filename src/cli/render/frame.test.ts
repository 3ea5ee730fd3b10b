import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FileProgress, SluiceEvent } from '../../base/index.js';
import { renderFrame } from './frame.js';
import type { Look } from './look.js';
import { EMPTY_STATE, reduce, type ProgressState } from './progress-state.js';
import { createSigns, createStyle } from './style.js';
import { displayWidth } from './width.js';

const look = (color: boolean, unicode: boolean, lang: 'en' | 'zh'): Look => ({
  lang,
  style: createStyle(color),
  signs: createSigns(unicode),
});

const bytes = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** 40 }));
const names = fc.string({ unit: fc.constantFrom('a', '-', '/', '0', '模', '\u001b', '\n', '😀'), maxLength: 90 });
const file: fc.Arbitrary<FileProgress> = fc.record({
  file: names,
  doneBytes: bytes,
  totalBytes: fc.option(bytes),
  bytesPerSecond: bytes,
});
const progress = fc.record(
  {
    type: fc.constant('progress' as const),
    files: fc.uniqueArray(file, { maxLength: 20, selector: (one) => one.file }),
    sources: fc.array(fc.record({ source: names, doneBytes: bytes, bytesPerSecond: bytes, connections: fc.nat(9) }), {
      maxLength: 6,
    }),
    doneBytes: bytes,
    totalBytes: fc.option(bytes),
    bytesPerSecond: bytes,
    etaMs: fc.option(fc.integer({ min: 0, max: 1e11 })),
    filesDone: fc.nat(5000),
    filesTotal: fc.nat(5000),
    limitBytesPerSecond: bytes,
  },
  {
    requiredKeys: [
      'type',
      'files',
      'sources',
      'doneBytes',
      'totalBytes',
      'bytesPerSecond',
      'etaMs',
      'filesDone',
      'filesTotal',
    ],
  },
);

function stateOf(event: SluiceEvent): ProgressState {
  return reduce(EMPTY_STATE, event);
}

function example(files: readonly FileProgress[]): Extract<SluiceEvent, { type: 'progress' }> {
  return {
    type: 'progress',
    files,
    sources: [
      { source: 'slow.example', doneBytes: 1, bytesPerSecond: 31e6, connections: 4 },
      { source: 'fast.example', doneBytes: 1, bytesPerSecond: 62e6, connections: 8 },
      { source: 'idle.example', doneBytes: 1, bytesPerSecond: 0, connections: 0 },
    ],
    doneBytes: 9.61e9,
    totalBytes: 20.4e9,
    bytesPerSecond: 93e6,
    etaMs: 116_000,
    filesDone: 12,
    filesTotal: 31,
  };
}

const one = (name: string, done = 5, total: number | null = 10): FileProgress => ({
  file: name,
  doneBytes: done,
  totalBytes: total,
  bytesPerSecond: 1e6,
});

describe('the live block', () => {
  it('never has a line as wide as the terminal nor more lines than fit, whatever the state', () => {
    const sizes = fc.record({ columns: fc.integer({ min: 2, max: 240 }), rows: fc.integer({ min: 1, max: 60 }) });
    fc.assert(
      fc.property(progress, sizes, fc.boolean(), fc.boolean(), (event, { columns, rows }, color, chinese) => {
        const frame = renderFrame(stateOf(event), columns, rows, look(color, true, chinese ? 'zh' : 'en'));
        expect(frame.length).toBeLessThanOrEqual(Math.max(1, rows - 1));
        for (const line of frame) {
          expect(displayWidth(line)).toBeLessThan(columns);
          expect(line.replace(/\u001b\[\d+m/g, '')).not.toMatch(/[\u0000-\u001f]/);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is pure ASCII where the locale is', () => {
    const frame = renderFrame(stateOf(example([one('a/model.bin')])), 80, 24, look(false, false, 'en'));
    expect(frame.join('\n')).toMatch(/^[\x20-\x7e\n]+$/);
  });

  it('has a line per file, the total, and the sources by speed', () => {
    const frame = renderFrame(stateOf(example([one('model.bin')])), 80, 24, look(false, true, 'en'));
    expect(frame).toHaveLength(3);
    expect(frame[0]).toMatch(/model\.bin .*━+─+ .*50% .*1\.00 MB\/s/);
    expect(frame[1]).toMatch(/47% {2}9\.61 GB of 20\.4 GB {2}93\.0 MB\/s {2}1m 56s left$/);
    expect(frame[2]).toBe('  12 of 31 files · fast.example 62.0 MB/s · slow.example 31.0 MB/s');
  });

  it.each([
    ['en', 'limit 20.0 MB/s'],
    ['zh', '限速 20.0 MB/s'],
  ] as const)('says that the limit is what holds it back, while it does: %s', (lang, words) => {
    const event = { ...example([]), limitBytesPerSecond: 20e6 };
    expect(renderFrame(stateOf(event), 100, 24, look(false, true, lang))[0]).toContain(`93.0 MB/s  ${words}  `);
    expect(renderFrame(stateOf(example([])), 100, 24, look(false, true, lang))[0]).not.toContain(words.slice(0, 2));
  });

  it('shows the shard when the path is too long', () => {
    const path = 'a-rather-long-folder/another-one/model-00007-of-00042.safetensors';
    const frame = renderFrame(stateOf(example([one(path)])), 80, 24, look(false, true, 'en'));
    expect(frame[0]).toContain('model-00007');
  });

  it('counts the files that have no line', () => {
    const files = Array.from({ length: 12 }, (_, index) => one(`file-${index}`));
    const frame = renderFrame(stateOf(example(files)), 80, 24, look(false, true, 'en'));
    expect(frame).toHaveLength(8 + 3);
    expect(frame[8]).toContain('and 4 more');
  });

  it('is one short line on a tiny terminal', () => {
    expect(renderFrame(stateOf(example([one('x')])), 30, 24, look(false, true, 'en'))).toEqual([
      '47% 93.0 MB/s 1m 56s left',
    ]);
  });

  it('says 100 % only when every byte is there', () => {
    const total = (doneBytes: number): string => {
      const event = { ...example([]), doneBytes, totalBytes: 1_000_000 };
      return renderFrame(stateOf(event), 80, 24, look(false, true, 'en'))[0] ?? '';
    };
    expect(total(999_999)).toContain(' 99%');
    expect(total(1_000_000)).toContain('100%');
  });
});

describe('lines of files', () => {
  it('stay where they are while their file is in flight; a newcomer takes a free one', () => {
    let state = stateOf(example([one('a', 1, 100), one('b', 1, 300), one('c', 1, 200)]));
    const order = () => state.slots.map((slot) => slot.file);
    expect(order()).toEqual(['b', 'c', 'a']);
    state = reduce(state, example([one('a'), one('c'), one('d', 1, 9999)]));
    expect(order()).toEqual(['d', 'c', 'a']);
    state = reduce(state, { type: 'file.proven', file: 'c', sizeBytes: 1, sha256: '', checks: [] });
    expect(order()).toEqual(['d', 'a']);
  });
});
