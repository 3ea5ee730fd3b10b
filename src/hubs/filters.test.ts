import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { compilePattern, literalPattern, matchFiles } from './index.js';
import { FNMATCH_VECTORS } from './testing/fnmatch-vectors.js';

const FILES = [
  'README.md',
  'config.json',
  'model.safetensors',
  'onnx/model.onnx',
  'onnx/int8/model.onnx',
  'onnx.txt',
].map((path) => ({ path }));
const paths = (include: readonly string[], exclude: readonly string[] = []): string[] =>
  matchFiles(FILES, include, exclude).map(({ path }) => path);

describe('filters', () => {
  test('without patterns let everything through', () => {
    expect(paths([])).toHaveLength(6);
  });

  test('take what matches any include and no exclude', () => {
    expect(paths(['*.json', '*.safetensors'])).toEqual(['config.json', 'model.safetensors']);
    expect(paths([], ['*.onnx'])).toEqual(['README.md', 'config.json', 'model.safetensors', 'onnx.txt']);
    expect(paths(['*.onnx'], ['onnx/int8/*'])).toEqual(['onnx/model.onnx']);
  });

  test('a star crosses slashes', () => {
    expect(paths(['onnx*'])).toEqual(['onnx/model.onnx', 'onnx/int8/model.onnx', 'onnx.txt']);
  });

  test('a slash at the end means everything below', () => {
    expect(paths(['onnx/'])).toEqual(['onnx/model.onnx', 'onnx/int8/model.onnx']);
    expect(paths([], ['onnx/'])).toHaveLength(4);
  });

  test('letters are told apart by case', () => {
    expect(paths(['readme.md'])).toEqual([]);
  });
});

test.each(FNMATCH_VECTORS)('%j means what it means to fnmatch', (pattern, matching, others) => {
  const matches = compilePattern(pattern);
  expect(matching.filter((path) => !matches(path))).toEqual([]);
  expect(others.filter((path) => matches(path))).toEqual([]);
});

test('a literal pattern matches its path and nothing else', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '[', ']', '*', '?', '!', '-', '/', 'é'), minLength: 1 });
  fc.assert(
    fc.property(text, text, (path, other) => {
      if (path.endsWith('/')) return;
      expect(compilePattern(literalPattern(path))(path)).toBe(true);
      expect(compilePattern(literalPattern(path))(other)).toBe(path === other);
    }),
  );
  expect(compilePattern(literalPattern('a[1]/'))('a[1]/x')).toBe(true);
});

test('a pattern made to take for ever does not', () => {
  expect(compilePattern(`${'*a'.repeat(50)}b`)('a'.repeat(1000))).toBe(false);
});
