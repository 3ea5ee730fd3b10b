import { expect, test, vi } from 'vitest';
import { SluiceError } from '../../base/index.js';
import type { FileSource } from '../request/file-source.js';
import { Doubts, type DoubtOwner } from './doubts.js';

/** Two pieces that `chunks` brought, which only `plain` could be asked to compare. */
function searching() {
  const state = { waitUntilMs: 0, health: {}, refusals: { isCounting: () => false } };
  const source = (id: string, isSpans: boolean): FileSource =>
    ({
      source: { id, ...(isSpans ? { spans: {} } : {}) },
      state,
      banned: undefined,
      isSetAside: false,
      ignoresRanges: false,
    }) as unknown as FileSource;
  const [plain, chunks] = [source('plain', false), source('chunks', true)];
  const landed = new Map([0, 1].map((index) => [index, { index, source: 'chunks', digest: '' }]));
  const searched = vi.fn<() => void>();
  const owner = {
    path: 'w',
    sources: [plain, chunks],
    held: { trusted: undefined, landed, map: { count: 2, pieceBytes: 2 ** 20 } },
    environment: { now: () => 1, emit: () => undefined },
    isOver: false,
    searched,
  } as unknown as DoubtOwner;
  return { doubts: new Doubts(owner, 2 ** 21), plain, chunks, searched };
}

test('a search ends when those who were to be asked are banned, whoever comes then', () => {
  const { doubts, plain, chunks, searched } = searching();
  expect(doubts.beginSearch()).toBe(true);
  expect(doubts.take(chunks, 2 ** 20, false)).toBeUndefined();
  expect(searched).not.toHaveBeenCalled();
  plain.banned = new SluiceError('FORBIDDEN', { host: 'hub.example' });
  expect(doubts.take(chunks, 2 ** 20, false)).toBeUndefined();
  expect(searched).toHaveBeenCalledTimes(1);
  expect(doubts.isSearching).toBe(false);
});
