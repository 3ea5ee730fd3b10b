import { describe, expect, it } from 'vitest';
import type { SluiceEvent } from '../../base/index.js';
import { PLAN } from '../testing/fake-api.js';
import { fakeStream } from '../testing/fake-host.js';
import { createLiveView } from './live-view.js';
import type { Look } from './look.js';
import { createNotices } from './notices.js';
import { createPlainView } from './plain-view.js';
import { createSigns, createStyle } from './style.js';
import { createVerifyProgress } from './verify-progress.js';
import { displayWidth } from './width.js';

const LOOK: Look = { lang: 'en', style: createStyle(false), signs: createSigns(true) };

function progress(doneBytes: number, totalBytes: number | null = 1000): SluiceEvent {
  const files = [{ file: 'model.bin', doneBytes, totalBytes, bytesPerSecond: 10 }];
  const all = { doneBytes, totalBytes, bytesPerSecond: 10, etaMs: 1000, filesDone: 0, filesTotal: 1 };
  return { type: 'progress', files, sources: [], ...all };
}

const resolved: SluiceEvent = {
  type: 'ref.resolved',
  ref: 'hf:o/n',
  origin: 'hf',
  host: 'hub.example',
  repository: 'o/n',
  revision: 'main',
  commit: 'c'.repeat(40),
};
const proven: SluiceEvent = {
  type: 'file.proven',
  file: 'model.bin',
  sizeBytes: 1000,
  sha256: 'a',
  checks: ['sha256'],
};
const reset: SluiceEvent = {
  type: 'piece.failed',
  file: 'model.bin',
  index: 1,
  source: 'hub.example',
  code: 'RESET',
  message: 'x',
  retryInMs: 500,
};

describe('plain lines', () => {
  function plain() {
    const stream = fakeStream();
    let nowMs = 0;
    const view = createPlainView(LOOK, stream, () => nowMs);
    return { stream, view, tick: (ms: number) => (nowMs += ms) };
  }

  it('say when files of the view need the store to stay, or had to be copied', () => {
    const { stream, view } = plain();
    const landed = { type: 'view.landed', ref: 'hf:o/n', view: 'hf', path: '/cache/o' } as const;
    view.emit({ ...landed, methods: { hardlink: 3, kept: 1 } });
    expect(stream.text()).toBe('');
    view.emit({ ...landed, methods: { symlink: 3 } });
    expect(stream.text()).toContain('3 files of the view are symlinks into the store');
    view.emit({ ...landed, methods: { copy: 2 } });
    expect(stream.text()).toContain('2 files had to be copied');
  });

  it('tell the limit that holds the pull back, and when the timetable changes it', () => {
    const { stream, view, tick } = plain();
    view.emit(progress(0));
    tick(10_000);
    view.emit({ ...progress(1), limitBytesPerSecond: 20e6 } as SluiceEvent);
    expect(stream.text()).toContain(' · limit 20.0 MB/s · ');
    const changed = { type: 'limit.changed', shareBytesPerSecond: 5e6, processes: 2 } as const;
    view.emit({ ...changed, limitBytesPerSecond: 7e6, reason: 'begin' });
    view.emit({ ...changed, limitBytesPerSecond: 7e6, reason: 'shared' });
    expect(stream.text()).not.toContain('7.00 MB/s');
    view.emit({ ...changed, limitBytesPerSecond: 7e6, reason: 'timetable' });
    expect(stream.text()).toContain('at most 7.00 MB/s, by the timetable');
    view.emit({ ...changed, limitBytesPerSecond: null, shareBytesPerSecond: null, reason: 'timetable' });
    expect(stream.text()).toContain('without a limit');
  });

  it('tell the progress every ten seconds or ten percent, and not more often', () => {
    const { stream, view, tick } = plain();
    for (let second = 0; second <= 60; second += 1) {
      view.emit(progress(second));
      tick(1000);
    }
    expect(stream.writes).toHaveLength(6);
    for (let percent = 10; percent <= 100; percent += 1) {
      view.emit(progress(percent * 10));
      tick(300);
    }
    expect(stream.writes.length).toBeGreaterThanOrEqual(14);
    expect(stream.writes.length).toBeLessThanOrEqual(17);
  });

  it('have no escape sequences and are whole', () => {
    const { stream, view } = plain();
    for (const event of [resolved, { type: 'plan.ready', ref: 'hf:o/n', plan: PLAN } as const, reset, proven])
      view.emit(event);
    expect(stream.text()).not.toContain('\u001b');
    expect(stream.text()).toContain('hf:o/n → cccccccccccc (main), hub.example\n');
    expect(stream.text()).toContain('! hub.example: connection broken\n');
    expect(stream.text()).toContain('✓ model.bin  1.00 kB · proven by SHA-256\n');
  });

  it('name each file only when there are few', () => {
    const { stream, view } = plain();
    view.emit({ type: 'plan.ready', ref: 'x', plan: { ...PLAN, files: 21 } });
    view.emit(proven);
    expect(stream.text()).not.toContain('model.bin');
  });
});

describe('the live view', () => {
  it('writes once per change, hides the cursor while something moves, and leaves the terminal as it was', () => {
    const stream = fakeStream({ columns: 80 });
    const view = createLiveView(LOOK, stream, () => 0);
    view.emit(resolved);
    const before = stream.writes.length;
    view.emit(progress(10));
    view.emit(proven);
    expect(stream.writes.length).toBe(before + 1);
    view.settle();
    const text = stream.text();
    expect(text.split('\u001b[?25l').length).toBe(2);
    expect(text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(text.lastIndexOf('\u001b[?25l'));
    expect(text.endsWith('\u001b[?25h')).toBe(true);
  });

  it('goes up over exactly the rows that its block takes, also after the terminal got narrower', () => {
    const stream = fakeStream({ columns: 80 });
    const view = createLiveView(LOOK, stream, () => 0);
    view.emit(resolved);
    view.emit(progress(10));
    view.emit(proven);
    view.emit(progress(20));
    stream.resize(60);
    const block = stream.writes.at(-1)?.split('\n').length ?? 0;
    stream.resize(40);
    const up = Number(/\u001b\[(\d+)A/.exec(stream.writes.at(-1) ?? '')?.[1]);
    expect(up).toBeGreaterThanOrEqual(block - 1);
  });
});

describe('notices', () => {
  it('are not repeated within half a minute for the same source and reason', () => {
    let nowMs = 0;
    const notices = createNotices('en', () => nowMs);
    expect(notices(reset)?.text).toBe('hub.example: connection broken');
    expect(notices({ ...reset, index: 2 })).toBeUndefined();
    expect(notices({ ...reset, source: 'other.example' })).toBeDefined();
    expect(notices({ ...reset, code: 'STALLED' })).toBeDefined();
    nowMs = 31_000;
    expect(notices(reset)).toBeDefined();
  });

  it('speak Chinese and cannot move the cursor', () => {
    const notices = createNotices('zh', () => 0);
    expect(notices({ type: 'source.banned', source: 'a.example', code: 'DIGEST_MISMATCH', message: '' })?.text).toBe(
      '不再使用 a.example：内容错误',
    );
    const wrong = { type: 'piece.wrong', file: 'x\u001b[2Jy', index: 1, source: 's', message: '' } as const;
    expect(notices(wrong)?.text).not.toContain('\u001b');
  });
});

describe('the progress of a verification', () => {
  it('is one line that fits, ten times a second at most, and leaves nothing behind', () => {
    const stream = fakeStream({ columns: 30 });
    let nowMs = 0;
    const line = createVerifyProgress(LOOK, stream, () => nowMs, true);
    for (let index = 0; index < 50; index += 1) {
      line.told('a-folder/with-a-long-name/model.safetensors', 1e9);
      nowMs += 10;
    }
    expect(stream.writes).toHaveLength(5);
    for (const write of stream.writes) expect(displayWidth(write)).toBeLessThan(30);
    line.settle();
    line.settle();
    expect(stream.writes.slice(5)).toEqual(['\r\u001b[K']);
  });

  it('is not shown where nobody looks', () => {
    const stream = fakeStream();
    createVerifyProgress(LOOK, stream, () => 0, true).told('x', 1);
    expect(stream.writes).toEqual([]);
  });
});
