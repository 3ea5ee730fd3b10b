import { describe, expect, it } from 'vitest';
import { SluiceError, type SluiceEvent } from '../../base/index.js';
import type { Source, Spans } from '../../hubs/index.js';
import type { Environment } from '../environment.js';
import type { LandedPiece } from '../journal/journal.js';
import { createFileSource, type FileSource } from '../request/file-source.js';
import { SourceState } from '../schedule/source-state.js';
import { KnownChunks } from './known-chunks.js';

const SHA256 = 'a'.repeat(64);
const verdict = { sha256: SHA256, sizeBytes: 100, digests: { sha256: SHA256 } };
const piece = (source: string): LandedPiece => ({ index: 0, digest: SHA256, source, atMs: 0, ms: 0, retries: 0 });

interface Setting {
  readonly chunks: KnownChunks;
  readonly plain: FileSource;
  readonly chunked: FileSource;
  readonly events: SluiceEvent[];
  readonly kept: [string, boolean][];
}

function setting(spans: Partial<Spans> = {}): Setting {
  const kept: [string, boolean][] = [];
  const all: Spans = {
    worthwhileBytes: 1,
    fetch: () => Promise.resolve(),
    look: () => Promise.resolve(0),
    judge: () => Promise.resolve({ state: 'proven' }),
    keep: (sha256, isProven) => Promise.resolve(void kept.push([sha256, isProven])),
    ...spans,
  };
  const from = (id: string, more: Partial<Source>): FileSource => {
    const failure = (): SluiceError => new SluiceError('FORBIDDEN', { host: id });
    return createFileSource({ id, url: `http://${id}/`, failure, ...more }, new SourceState(id, 4));
  };
  const plain = from('hub', {});
  const chunked = from('hub/xet', { spans: all });
  const events: SluiceEvent[] = [];
  const environment = { signal: new AbortController().signal, emit: (event: SluiceEvent) => void events.push(event) };
  const chunks = new KnownChunks(environment as unknown as Environment, 'model', [plain, chunked]);
  return { chunks, plain, chunked, events, kept };
}

describe('a file whose chunks are here', () => {
  it.each([
    [0, true],
    [12, true],
    [13, false],
    [100, false],
  ])('comes from who knows where they are when that is much of it: %i of 100 bytes', async (bytes, plainToo) => {
    const { chunks, plain, chunked } = setting({ look: () => Promise.resolve(bytes) });
    await chunks.look(100);
    expect([chunks.allows(plain), chunks.allows(chunked)]).toEqual([plainToo, true]);
  });

  it('comes from everybody once that one fails, or when nobody can tell', async () => {
    const { chunks, plain, chunked } = setting({ look: () => Promise.resolve(100) });
    await chunks.look(100);
    chunked.state.health.isDegraded = true;
    expect(chunks.allows(plain)).toBe(true);
    chunked.state.health.isDegraded = false;
    expect(chunks.allows(plain)).toBe(false);
    chunked.banned = new SluiceError('FORBIDDEN', { host: 'h' });
    expect(chunks.allows(plain)).toBe(true);
    const failing = setting({ look: () => Promise.reject(new SluiceError('FORBIDDEN', { host: 'h' })) });
    await failing.chunks.look(100);
    expect(failing.chunks.allows(failing.plain)).toBe(true);
  });
});

describe('a file of which nothing is here', () => {
  it('is not asked for in chunks while these wait for the machine, if somebody else has it', async () => {
    let isBusy = false;
    const { chunks, plain, chunked } = setting({ isBusy: () => isBusy });
    await chunks.look(100);
    const allowed = (): boolean[] => [chunks.allows(plain), chunks.allows(chunked)];
    expect(allowed()).toEqual([true, true]);
    isBusy = true;
    expect(allowed()).toEqual([true, false]);
    plain.banned = new SluiceError('FORBIDDEN', { host: 'h' });
    expect(chunks.allows(chunked)).toBe(true);
  });

  it('does not lose who has chunks here to the machine being busy', async () => {
    const { chunks, plain, chunked } = setting({ isBusy: () => true, look: () => Promise.resolve(100) });
    await chunks.look(100);
    expect([chunks.allows(plain), chunks.allows(chunked)]).toEqual([false, true]);
  });
});

describe('the id that chunks give', () => {
  it('is a check beside the others where all pieces came in chunks, and then the list is of proven ones', async () => {
    const { chunks, kept } = setting();
    expect(await chunks.checks({ ...verdict, checks: ['sha256'] }, [piece('hub/xet')])).toEqual(['sha256', 'xet']);
    await chunks.keep(SHA256);
    expect(kept).toEqual([[SHA256, true]]);
  });

  it.each([
    ['a piece came otherwise', {}, 'hub'],
    ['chunks are missing', { judge: () => Promise.resolve({ state: 'incomplete' as const }) }, 'hub/xet'],
  ])('is none when %s', async (_, spans, source) => {
    const { chunks, kept } = setting(spans);
    expect(await chunks.checks({ ...verdict, checks: ['sha256'] }, [piece('hub/xet'), piece(source)])).toEqual([
      'sha256',
    ]);
    await chunks.keep(SHA256);
    expect(kept).toEqual([[SHA256, false]]);
  });

  const wrong = { judge: () => Promise.resolve({ state: 'wrong' as const, expected: 'b1', actual: 'c2' }) };

  it('is told when it is wrong, outweighs no digest, and leaves no list', async () => {
    const { chunks, events, kept, chunked } = setting(wrong);
    expect(await chunks.checks({ ...verdict, checks: ['sha256'] }, [piece('hub/xet')])).toEqual(['sha256']);
    expect(events).toMatchObject([{ type: 'notice', code: 'DIGEST_MISMATCH' }]);
    expect(JSON.stringify(events)).toMatch(/b1.*c2/);
    expect(chunked.banned?.details).toMatchObject({ source: 'hub/xet', expected: 'b1', actual: 'c2' });
    await chunks.keep(SHA256);
    expect(kept).toEqual([]);
  });

  it('decides where nothing else identifies the content', async () => {
    const { chunks } = setting(wrong);
    await expect(chunks.checks({ ...verdict, checks: [] }, [piece('hub/xet')])).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
    });
    expect(await setting().chunks.checks({ ...verdict, checks: [] }, [piece('hub/xet')])).toEqual(['xet']);
  });
});
