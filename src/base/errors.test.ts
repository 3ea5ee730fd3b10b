import { describe, expect, it } from 'vitest';
import { ERROR_KINDS, SluiceError, toSluiceError, type ErrorCode } from './errors.js';
import { errorText } from './texts/index.js';

describe('errors', () => {
  it('have texts in every language, with the same places to fill', () => {
    const places = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();
    for (const code of Object.keys(ERROR_KINDS) as ErrorCode[]) {
      const raw = (lang: 'en' | 'zh'): string[] => {
        const details = new Proxy({}, { has: () => true, get: (_, name) => `{${String(name)}}` });
        return places(errorText(code, details, lang).what);
      };
      expect(raw('zh'), code).toEqual(raw('en'));
      expect(errorText(code, {}, 'zh').remedy).not.toBe('');
    }
  });

  it('carry no secret, not even in a detail', () => {
    const error = new SluiceError('CONNECT', { host: 'h', reason: 'https://u:secretpass@h/' });
    expect(JSON.stringify([error.message, error.details])).not.toContain('secretpass');
  });

  it.each([
    ['ENOSPC', 'DISK_FULL'],
    ['EDQUOT', 'DISK_FULL'],
    ['EACCES', 'NO_PERMISSION'],
    ['EROFS', 'NO_PERMISSION'],
    ['EIO', 'FILE_SYSTEM'],
  ] as const)('turn %s of the file system into %s', (errno, code) => {
    const system = Object.assign(new Error(`${errno}: x`), { code: errno, syscall: 'write', path: '/p' });
    expect(toSluiceError(system)).toMatchObject({ code, exitCode: 8, details: { path: '/p' } });
  });
});
