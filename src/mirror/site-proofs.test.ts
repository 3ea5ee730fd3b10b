import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { proofGroups, signedPath } from './site-proofs.js';

describe('where a file of a plain site may be signed', () => {
  it('is beside it, and in its folder and those above', () => {
    const groups = proofGroups('/a/b/c/model%20x.bin');
    expect(groups[0]).toEqual({
      kind: 'file',
      name: 'model x.bin',
      proofs: [
        { path: '/a/b/c/model%20x.bin.sig', name: 'model x.bin.sig' },
        { path: '/a/b/c/model%20x.bin.sigstore.json', name: 'model x.bin.sigstore.json' },
      ],
    });
    const models = groups.filter(({ proofs }) => proofs[0]?.name === 'model.sig');
    expect(models.map(({ name, proofs }) => [name, proofs[0]?.path])).toEqual([
      ['model x.bin', '/a/b/c/model.sig'],
      ['c/model x.bin', '/a/b/model.sig'],
      ['b/c/model x.bin', '/a/model.sig'],
    ]);
  });

  it.each(['/', '/a/', '/a%2fb', '/a%00b', '/a%5cb', '/%zz'])(
    'is nowhere for %s, which is no name of a file',
    (path) => {
      expect(proofGroups(path)).toEqual([]);
    },
  );

  it('is never above the site, whatever the path', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const { proofs } of proofGroups(`/${text}`))
          for (const { path, name } of proofs) {
            expect(path.startsWith('/')).toBe(true);
            expect(path.split('/').length).toBeLessThanOrEqual(`/${text}`.split('/').length);
            expect(name).not.toMatch(/[/\\\0]/);
          }
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['/a/x.bin.sig', '/a/x.bin'],
    ['/a/x.bin.sigstore.json', '/a/x.bin'],
    ['/a/x.bin', undefined],
    ['/a/model.sig', undefined],
    ['/a/SHA256SUMS.sig', undefined],
    ['/a/.sig', undefined],
  ])('of %s, the signature itself, is %s', (path, signed) => {
    expect(signedPath(path)).toBe(signed);
  });
});
