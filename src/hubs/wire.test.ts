import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { SluiceError } from '../base/index.js';
import { parseCommit, parseIsPublic, parseNextQuery, parseTreePage } from './huggingface/wire.js';
import { checkFiles } from './manifest.js';
import * as modelscope from './modelscope/wire.js';
import { listingId, parseFiles, parseRevisions, unwrap } from './modelscope/wire.js';
import type { ManifestFile } from './port.js';
import { parseTags } from './oci/tags.js';
import { isPublicHub } from './public-hubs.js';
import { fileName } from './http/file-name.js';
import { headerDigests } from './http/header-digests.js';

const refuse = (reason: string): SluiceError => new SluiceError('BAD_MANIFEST', { host: 'h', reason });

/** Runs it; anything thrown must be a SluiceError. */
function survives(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(SluiceError);
  }
}

/** Values that look like what is expected, and every part of which may be something else. */
const scalar = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double(),
  fc.constantFrom(null, true, '', 'a'.repeat(40), 'b'.repeat(64), '../x', 'ok', 1e300, -1, [], {}),
);
const record = (...keys: readonly string[]): fc.Arbitrary<unknown> =>
  fc.dictionary(fc.constantFrom(...keys, '__proto__', 'constructor'), fc.oneof(scalar, fc.jsonValue()));
const list = (entry: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof(fc.array(fc.oneof(entry, scalar)), scalar);

describe('answers of hubs, however they are twisted', () => {
  test('a Hugging Face tree gives files with safe paths or an error of ours', () => {
    const entry = fc.record(
      {
        type: fc.oneof(fc.constant('file'), scalar),
        path: scalar,
        oid: fc.oneof(fc.constant('a'.repeat(40)), scalar),
        size: fc.oneof(fc.nat(), scalar),
        lfs: fc.oneof(record('oid', 'size'), scalar),
        xetHash: scalar,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(list(entry), (value) => {
        survives(() => {
          for (const file of checkFiles(parseTreePage(value, refuse).files, 'h')) expect(file.path).not.toContain('..');
        });
      }),
      { numRuns: 500 },
    );
  });

  test('a commit is 40 hex digits or an error of ours', () => {
    fc.assert(
      fc.property(fc.oneof(record('sha', 'id'), fc.jsonValue()), (value) =>
        survives(() => expect(parseCommit(value, refuse)).toMatch(/^[0-9a-f]{40}$/)),
      ),
    );
  });

  test('ModelScope revisions and listings are read or refused', () => {
    const files = record('Files').map((value) => value);
    const entry = record('Type', 'Path', 'Size', 'Sha256', 'Revision');
    const revision = record('Revision', 'CreatedAt', 'CommitId');
    const map = fc.record({ RevisionMap: fc.record({ Branches: list(revision), Tags: list(revision) }) });
    fc.assert(
      fc.property(
        fc.oneof(files, fc.record({ Files: list(entry) })),
        map,
        fc.jsonValue(),
        (listing, revisions, any) => {
          for (const value of [listing, revisions, any]) {
            survives(() => listingId(checkFiles(parseFiles(value, refuse).files, 'h')));
            survives(() => parseRevisions(value, refuse));
            survives(() => unwrap(value, refuse));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  // What is none of the things that an entry may be: each must make the whole listing an error, wherever in it it stands.
  const nonsense = fc.oneof(
    fc.constant({}),
    scalar.filter((value) => typeof value !== 'object' || value === null || Array.isArray(value)),
    fc.record({ type: fc.constantFrom('file', 'directory', 'new', 'blob', 'tree') }),
    fc.record({ path: fc.string({ minLength: 1 }), type: fc.constantFrom(null, 1, '', [], {}) }),
    fc.record({ type: fc.constantFrom('file', 'directory', 'new'), path: fc.constantFrom(null, 1, [], {}) }),
    fc.record({ type: fc.constantFrom('file', 'directory', 'new'), path: fc.string({ minLength: 1 }), size: fc.constantFrom('1', [], {}, true) }), // prettier-ignore
  );
  const upper = (entry: unknown): unknown =>
    typeof entry === 'object' && entry !== null && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).map(([key, value]) => [key.replace(/^./, (first) => first.toUpperCase()), value as unknown])) // prettier-ignore
      : entry;
  const folder = { type: 'directory', oid: 'a'.repeat(40), size: 0, path: 'f' };
  const some = fc.array(fc.constant(folder), { maxLength: 3 });

  test('a listing with an entry that nobody understands is an error, never a shorter or an empty one', () => {
    const bad = expect.objectContaining({ code: 'BAD_MANIFEST' }) as Error;
    fc.assert(
      fc.property(some, nonsense, some, (before, entry, after) => {
        const entries = [...before, entry, ...after];
        expect(() => parseTreePage(entries, refuse)).toThrow(bad);
        expect(() => parseFiles({ Files: entries.map(upper) }, refuse)).toThrow(bad);
      }),
      { numRuns: 300 },
    );
    expect(parseTreePage([folder, { ...folder, type: 'submodule' }], refuse)).toEqual({ files: [], entries: 2 });
    expect(parseFiles({ Files: [{ Type: 'tree', Path: 'f' }] }, refuse)).toEqual({ files: [], entries: 1 });
    expect(() => parseRevisions({ RevisionMap: {} }, refuse)).toThrow(bad);
  });

  test('a list of tags is all of them, or none is understood', () => {
    const tag = fc.stringMatching(/^[a-z0-9_][a-z0-9_.-]{0,20}$/);
    fc.assert(
      fc.property(fc.array(tag), (tags) => {
        expect(parseTags({ name: 'a', tags })).toEqual(tags);
        for (const entry of [null, 1, {}, [], '', 'a/b']) expect(parseTags({ tags: [...tags, entry] })).toBeUndefined();
      }),
      { numRuns: 100 },
    );
    expect(parseTags({ tags: null })).toEqual([]);
    for (const value of [{}, [], null, 'x', { tags: {} }, { tags: 'v1' }]) expect(parseTags(value)).toBeUndefined();
  });

  test('headers of plain HTTP give digests of the right length and safe names', () => {
    const value = fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9+/=:,"*'%;. -]{0,80}$/));
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('digest', 'repr-digest', 'content-md5', 'x-goog-hash', 'x-linked-etag', 'x-checksum-md5'),
          value,
        ),
        value,
        (headers, disposition) => {
          for (const hex of Object.values(headerDigests([{ status: 200, headers, url: 'https://h/' }])))
            expect(hex).toMatch(/^(?:[0-9a-f]{8}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$/);
          expect(
            checkFiles([{ path: fileName('https://h/x', disposition), sizeBytes: 1, digests: {} }], 'h'),
          ).toHaveLength(1);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a Link header gives a query or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[<>a-z;="?, /:]{0,60}$/)), (text) =>
        survives(() => parseNextQuery(text)),
      ),
    );
  });
});

test.each([
  ['<https://h/a?cursor=x&limit=2>; rel="next"', 'cursor=x&limit=2'],
  ['<https://h/a?cursor=x>; rel=next', 'cursor=x'],
  ['<https://h/first>; rel="first", <https://h/a?cursor=x>; rel="next"', 'cursor=x'],
  ['<https://h/a?q=1,2>; rel="prev", <https://h/a?cursor=x>; title="a"; rel="next last"', 'cursor=x'],
  ['<https://h/a?cursor=x#frag>; rel="next"', 'cursor=x'],
  ['<https://h/a>; rel="prev"', undefined],
  ['<https://h/a?cursor=x>; rel="nextish"', undefined],
  ['nonsense', undefined],
  [undefined, undefined],
])('the next page of %s is asked for by %s', (link, query) => {
  expect(parseNextQuery(link)).toBe(query);
});

describe('a listing as a whole', () => {
  const file = (path: string, sizeBytes = 1): ManifestFile => ({ path, sizeBytes, digests: {} });

  test('is sorted by path', () => {
    expect(checkFiles([file('b'), file('a/c'), file('a')].slice(0, 2), 'h').map(({ path }) => path)).toEqual([
      'a/c',
      'b',
    ]);
  });

  test.each([
    [['a', 'a']],
    [['a', 'A']],
    [['stra\u00dfe', 'STRA\u00dfE']],
    [['caf\u00e9', 'cafe\u0301']],
    [['a', 'a/b']],
    [['A', 'a/b']],
    [['x/y/z', 'x/y']],
  ])('%j cannot stand beside each other', (names) => {
    expect(() =>
      checkFiles(
        names.map((name) => file(name)),
        'h',
      ),
    ).toThrow(expect.objectContaining({ code: 'BAD_MANIFEST' }));
  });

  test.each([-1, 0.5, NaN, Infinity, 1e15, 2 ** 53])('a size of %d is refused', (sizeBytes) => {
    expect(() => checkFiles([file('a', sizeBytes)], 'h')).toThrow(expect.objectContaining({ code: 'BAD_MANIFEST' }));
  });
});

describe('a repository is public', () => {
  test.each([
    [{ private: false, gated: false }, true],
    [{ private: false, gated: false, disabled: true }, false],
    [{ private: true, gated: false }, false],
    [{ private: false, gated: 'auto' }, false],
    [{ private: false, gated: 'manual' }, false],
    [{ private: false }, undefined],
    [{ gated: false }, undefined],
    [{ private: 'no', gated: false }, undefined],
    [null, undefined],
  ])('on Hugging Face, with %j: %s', (info, isPublic) => {
    expect(parseIsPublic(info)).toBe(isPublic);
  });

  test.each([
    [{ Visibility: 5 }, true],
    [{ Visibility: 5, ProtectedMode: 2 }, true],
    [{ Visibility: 5, ProtectedMode: 1 }, false],
    [{ Visibility: 1 }, false],
    [{ Visibility: '5' }, false],
    [{}, false],
    [null, false],
  ])('on ModelScope, with %j: %s', (info, isPublic) => {
    expect(modelscope.parseIsPublic(info)).toBe(isPublic);
  });

  test.each([
    ['https://huggingface.co', true],
    ['https://hf-mirror.com/x', true],
    ['https://www.modelscope.ai', true],
    ['https://huggingface.co.example.org', false],
    ['http://127.0.0.1:80', false],
    ['nonsense', false],
  ])('the hub %s serves everybody: %s', (endpoint, is) => {
    expect(isPublicHub(endpoint)).toBe(is);
  });
});
