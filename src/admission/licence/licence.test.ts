import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, type Policy } from '../policy/policy.js';
import {
  judgeLicence,
  parseExpression,
  parseFrontMatter,
  recogniseLicence,
  KNOWN_LICENCES,
  isLicenceFile,
} from './index.js';

const policy = (parts: Partial<Policy['licence']>): Policy['licence'] => ({ ...DEFAULT_POLICY.licence, ...parts });
const judge = (declared: string | undefined, parts: Partial<Policy['licence']>, recognised?: string): string =>
  judgeLicence({ declared, recognised }, policy(parts)).verdict;

describe('an expression', () => {
  it('binds AND closer than OR, and takes brackets', () => {
    expect(parseExpression('MIT OR Apache-2.0 AND (BSD-3-Clause OR ISC)')).toEqual({
      kind: 'or',
      left: { kind: 'licence', id: 'MIT' },
      right: {
        kind: 'and',
        left: { kind: 'licence', id: 'Apache-2.0' },
        right: { kind: 'or', left: { kind: 'licence', id: 'BSD-3-Clause' }, right: { kind: 'licence', id: 'ISC' } },
      },
    });
    expect(parseExpression('GPL-2.0+ WITH Classpath-exception-2.0')).toEqual({ kind: 'licence', id: 'GPL-2.0' });
  });

  it.each(['', 'MIT OR', 'AND MIT', '(MIT', 'MIT)', 'MIT Apache-2.0', 'MIT WITH', 'MIT WITH (a)', '<script>', 'a/b'])(
    '%j is none',
    (text) => expect(parseExpression(text)).toBeUndefined(),
  );

  it('ends for any text', () => {
    const token = fc.constantFrom('MIT', 'AND', 'OR', 'WITH', '(', ')', 'x-1.0+', ' ');
    const text = fc.oneof(
      fc.string(),
      fc.array(token, { maxLength: 200 }).map((words) => words.join(' ')),
    );
    fc.assert(
      fc.property(text, (each) => void parseExpression(each)),
      { numRuns: 300 },
    );
    expect(parseExpression('('.repeat(500))).toBeUndefined();
  });
});

describe('a licence', () => {
  it('passes by its name, or by its family', () => {
    expect(judge('apache-2.0', { allow: ['Apache-2.0'] })).toBe('fine');
    expect(judge('mit', { allow: ['permissive'] })).toBe('fine');
    expect(judge('llama3.1', { allow: ['permissive'] })).toBe('denied');
    expect(judge('llama3.1', { deny: ['llama'] })).toBe('denied');
    expect(judge('acme-own', { allow: ['permissive'] })).toBe('unknown');
    expect(judge('LicenseRef-acme-own', { allow: ['LicenseRef-acme-own'] })).toBe('fine');
    expect(judge(undefined, {})).toBe('unknown');
  });

  it('of alternatives one has to do, of what holds together all', () => {
    const allow = ['MIT'];
    expect(judge('MIT OR GPL-3.0', { allow })).toBe('fine');
    expect(judge('MIT AND GPL-3.0', { allow })).toBe('denied');
    expect(judge('MIT AND acme-own', { allow })).toBe('unknown');
    expect(judge('GPL-3.0 OR acme-own', { allow })).toBe('unknown');
  });

  it('that forbids commercial use does not do for it', () => {
    expect(judge('cc-by-nc-4.0', { commercial: true })).toBe('denied');
    expect(judge('cc-by-nc-4.0', {})).toBe('fine');
    expect(judge('gemma', { commercial: true })).toBe('fine');
  });

  it('whose text is another one is told', () => {
    expect(judge('mit', {}, 'apache-2.0')).toBe('contradiction');
    expect(judge('creativeml-openrail-m', {}, 'openrail')).toBe('fine');
    expect(judge('other', { allow: ['MIT'] }, 'mit')).toBe('fine');
    expect(judge('lgpl-3.0-only', {}, 'lgpl-3.0')).toBe('fine');
  });
});

it('texts are known by words that stand in no other', () => {
  expect(recogniseLicence('Apache License\nVersion 2.0, January 2004')).toBe('apache-2.0');
  expect(recogniseLicence('LLAMA 3.1 COMMUNITY LICENSE AGREEMENT')).toBe('llama3.1');
  expect(recogniseLicence('Permission is hereby granted, free of charge, to any person obtaining a copy')).toBe('mit');
  expect(recogniseLicence('Attribution-NonCommercial 4.0 International')).toBe('cc-by-nc-4.0');
  expect(recogniseLicence('All rights reserved.')).toBeUndefined();
  expect(['LICENSE', 'LICENSE.txt', 'COPYING', 'NOTICE.md'].every(isLicenceFile)).toBe(true);
  expect(['licensed.py', 'docs/LICENSE', 'model.bin'].some(isLicenceFile)).toBe(false);
  for (const [id] of KNOWN_LICENCES) expect(id).toBe(id.toLowerCase());
});

describe('the head of a card', () => {
  it('declares a licence and where the model comes from', () => {
    const card = parseFrontMatter(
      '---\nlicense: "other" # see below\nlicense_name: acme-own\nbase_model:\n- a/b\n- c/d\n---\n# Card',
    );
    expect(card).toEqual({ licence: 'other', licenceName: 'acme-own', baseModels: ['a/b', 'c/d'] });
    expect(parseFrontMatter('---\nlicense: [mit, apache-2.0]\nbase_model: a/b\n---\n')).toMatchObject({
      licence: 'mit AND apache-2.0',
      baseModels: ['a/b'],
    });
  });

  it('declares nothing where it is none, or says it twice', () => {
    for (const text of [
      '',
      'license: mit',
      '---\nlicense: mit\n',
      '---\n  license: mit\n---',
      '---\nlicense: mit\nlicense: gpl\n---',
    ])
      expect(parseFrontMatter(text).licence).toBeUndefined();
  });

  it('ends for any text', () => {
    const line = fc.constantFrom('---', 'license: mit', 'base_model:', '- a', '  - [b', 'license: "x', ':', '\r');
    const text = fc.oneof(
      fc.string(),
      fc.array(line).map((lines) => lines.join('\n')),
    );
    fc.assert(
      fc.property(text, (each) => parseFrontMatter(each).baseModels.length <= 100),
      { numRuns: 300 },
    );
  });
});
