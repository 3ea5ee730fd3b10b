import { isAbsolute, join, relative, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SluiceError } from './errors.js';
import { assertSafePath, printable, unsafeReason } from './safe-path.js';

describe('assertSafePath', () => {
  it.each(['config.json', 'a/b/c.safetensors', '模型/权重 (1).bin', 'a..b', '..a', '.gitattributes', 'a b#[c].txt'])(
    'accepts %s',
    (path) => {
      expect(assertSafePath(path)).toBe(path);
    },
  );

  it.each([
    '',
    '/etc/passwd',
    '../../x',
    'a/../b',
    './a',
    'a//b',
    'a/',
    'a\\b',
    'C:x',
    'c:/x',
    '~/x',
    'a\0b',
    'a\nb',
    'a/\u202egpj.exe',
    '\ud800x',
    'x'.repeat(256),
    'x/'.repeat(600) + 'y',
  ])('refuses %j', (path) => {
    expect(() => assertSafePath(path)).toThrow(SluiceError);
  });

  it('lets nothing through that leaves its folder', () => {
    const segment = fc.oneof(fc.constantFrom('..', '.', '', 'a', '~', 'C:', '\\', '...'), fc.string({ maxLength: 6 }));
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 6 }), (segments) => {
        const path = segments.join('/');
        if (unsafeReason(path) !== undefined) return;
        const inside = relative('/root/folder', resolve(join('/root/folder', path)));
        expect(inside).not.toBe('');
        expect(inside.split('/')[0]).not.toBe('..');
        expect(isAbsolute(inside)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('printable', () => {
  it('shows control characters instead of sending them to a terminal', () => {
    expect(printable('a\u001b[2Jb')).toBe('a\\u001b[2Jb');
  });
});
