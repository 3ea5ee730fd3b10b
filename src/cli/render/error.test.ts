import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ERROR_KINDS, SluiceError, type ErrorCode } from '../../base/index.js';
import { renderError } from './error.js';
import { createSigns, createStyle } from './style.js';
import { displayWidth } from './width.js';

it('every error, with whatever a server put into it, fits the terminal and cannot move its cursor', () => {
  const codes = fc.constantFrom(...(Object.keys(ERROR_KINDS) as ErrorCode[]));
  const value = fc.string({ unit: fc.constantFrom('a', ' ', '模', '\u001b', '\n', '/', '0'), maxLength: 300 });
  const names = ['ref', 'reason', 'host', 'path', 'repository', 'source', 'key', 'value', 'where'];
  const details = fc.record(Object.fromEntries(names.map((name) => [name, value])));
  fc.assert(
    fc.property(codes, details, fc.integer({ min: 24, max: 220 }), fc.boolean(), (code, values, columns, chinese) => {
      const look = { lang: chinese ? 'zh' : 'en', style: createStyle(false), signs: createSigns(true) } as const;
      for (const line of renderError(new SluiceError(code, values), look, columns)) {
        expect(displayWidth(line)).toBeLessThan(columns);
        expect(line).not.toMatch(/[\u0000-\u001f]/);
      }
    }),
    { numRuns: 300 },
  );
});
