import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPieceList, parsePieceList } from './piece-list.js';

const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
const MIB = 2 ** 20;

describe('a piece list', () => {
  it('is read as written', () => {
    const file = fc
      .record({ path: fc.string(), sizeBytes: fc.integer({ min: 1, max: 20 * MIB }), sha256: hex })
      .chain((entry) => {
        const length = Math.ceil(entry.sizeBytes / (2 * MIB));
        return fc
          .array(hex, { minLength: length, maxLength: length })
          .map((sha256) => ({ ...entry, pieces: { pieceBytes: 2 * MIB, sha256 } }));
      });
    fc.assert(
      fc.property(fc.array(file, { maxLength: 4 }), (files) => {
        expect(parsePieceList(formatPieceList(files), 'list')).toEqual(files);
      }),
    );
  });

  const good = {
    path: 'a',
    sizeBytes: MIB + 1,
    sha256: 'a'.repeat(64),
    pieceBytes: MIB,
    pieces: ['b'.repeat(64), 'c'.repeat(64)],
  };
  it.each([
    ['nothing', ''],
    ['another document', '{"files":[]}'],
    ['too few pieces', { ...good, pieces: good.pieces.slice(1) }],
    ['too many pieces', { ...good, sizeBytes: MIB }],
    ['a size of pieces that nobody uses', { ...good, pieceBytes: MIB + 1 }],
    ['a size of pieces that is too small', { ...good, pieceBytes: 1024 }],
    ['hashes that are none', { ...good, pieces: ['b', 'c'] }],
    ['a negative size', { ...good, sizeBytes: -1 }],
    ['no digest', { ...good, sha256: undefined }],
  ])('is refused with %s', (_, entry) => {
    const text = typeof entry === 'string' ? entry : JSON.stringify({ pieceList: 1, files: [entry] });
    expect(() => parsePieceList(text, 'list')).toThrow(expect.objectContaining({ code: 'BAD_MANIFEST' }) as Error);
  });

  it('is refused or read, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          parsePieceList(text, 'list');
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'BAD_MANIFEST' });
        }
      }),
    );
  });
});
