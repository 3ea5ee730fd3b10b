import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget } from './target.js';

describe('the target of a request', () => {
  it('is kept as it came, with its query', () => {
    const target = parseTarget('/acme/tiny/resolve/refs%2Fpr%2F4/a%20b/c.json?download=true&x=%2F');
    expect(target?.path).toBe('/acme/tiny/resolve/refs%2Fpr%2F4/a%20b/c.json');
    expect([...(target?.query ?? [])]).toEqual([
      ['download', 'true'],
      ['x', '/'],
    ]);
  });

  it('may have raw UTF-8', () => {
    expect(parseTarget(`/${Buffer.from('名').toString('latin1')}`)?.path).toBe('/%e5%90%8d');
  });

  it.each([
    'http://elsewhere.example/x',
    'elsewhere.example:443',
    '*',
    '',
    '/a/../b',
    '/a/%2e%2E/b',
    '/a/x%2F..%2Fb',
    '/a/..%5cb',
    '/a\\b',
    '/./a',
    '/a%00b',
    '/a?x=%00',
    '/a%0d%0aset-cookie:x',
    '/a%7f',
    '/a%',
    '/a%zz',
    '/a%c3',
    '/a%c0%ae%c0%ae/b',
    '/a#b',
    '/a b',
    `/${'a'.repeat(20_000)}`,
  ])('is refused: %s', (target) => {
    expect(parseTarget(target)).toBeUndefined();
  });

  it('never climbs, however it is written', () => {
    const part = fc.constantFrom(
      '..',
      '.',
      '%2e',
      '%2E%2e',
      '.%2e',
      '/',
      '%2F',
      '%5c',
      'a',
      '%61',
      '?',
      '%25',
      '%',
      '\0',
    );
    const written = fc.array(part, { maxLength: 12 }).map((parts) => `/${parts.join('')}`);
    fc.assert(
      fc.property(fc.oneof(written, fc.string(), fc.webPath()), (text) => {
        const target = parseTarget(text);
        if (target === undefined) return;
        const path = decodeURIComponent(target.path);
        expect(path.startsWith('/')).toBe(true);
        expect(path).not.toMatch(/\p{Cc}/u);
        for (const segment of path.split(/[/\\]/)) expect(['.', '..']).not.toContain(segment);
      }),
    );
  });
});
