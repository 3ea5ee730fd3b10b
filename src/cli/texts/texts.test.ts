import { describe, expect, it } from 'vitest';
import { ERROR_KINDS, errorTemplate, type ErrorCode } from '../../base/index.js';
import { CAUSE_TEXTS } from './causes.js';
import { en } from './en.js';
import { reasonsEn, reasonsZh } from './reasons.js';
import { zh } from './zh.js';

/** Names of values, each with whether it stands in an optional part. */
function places(text: string): readonly string[] {
  const optional = [...text.matchAll(/\[([^\]]*)\]/g)]
    .flatMap(([, part = '']) => names(part))
    .map((name) => `[${name}]`);
  return [...optional, ...names(text.replace(/\[[^\]]*\]/g, ''))].sort();
}

function names(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name))];
}

describe('texts in both languages', () => {
  it('name the same values', () => {
    for (const key of Object.keys(en) as (keyof typeof en)[])
      expect([key, places(zh[key])]).toEqual([key, places(en[key])]);
    for (const code of Object.keys(ERROR_KINDS) as ErrorCode[]) {
      for (const part of ['what', 'remedy'] as const) {
        const [english, chinese] = [errorTemplate(code, 'en')[part], errorTemplate(code, 'zh')[part]];
        expect([code, places(chinese)]).toEqual([code, places(english)]);
      }
    }
  });

  it('of causes name the same values', () => {
    for (const cause of Object.keys(CAUSE_TEXTS.en) as (keyof typeof CAUSE_TEXTS.en)[]) {
      for (const part of ['what', 'seen', 'remedy'] as const) {
        const [english, chinese] = [CAUSE_TEXTS.en[cause][part], CAUSE_TEXTS.zh[cause][part]];
        expect([cause, places(chinese)]).toEqual([cause, places(english)]);
        if (!/^\{\w+\}$/.test(chinese)) expect(chinese).toMatch(/\p{Script=Han}/u);
      }
    }
  });

  it('are there, and the Chinese ones are Chinese', () => {
    for (const [key, text] of Object.entries(zh)) {
      const nameless = text.replace(/\{\w+\}|[\s\p{P}]/gu, '');
      if (nameless !== '' && key !== 'config.fromFile')
        expect([key, text]).toEqual([key, expect.stringMatching(/\p{Script=Han}/u)]);
    }
    for (const code of Object.keys(ERROR_KINDS) as ErrorCode[]) {
      expect(reasonsEn[code]).toBeTruthy();
      expect(reasonsZh[code]).toMatch(/\p{Script=Han}/u);
    }
  });
});
