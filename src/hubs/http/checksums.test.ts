import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { SluiceError } from '../../base/index.js';
import { parseChecksums } from '../index.js';
import { isChecksumList } from './wire.js';

const A = 'a'.repeat(64);
const M = '0123456789abcdef'.repeat(2);
const parse = (text: string): unknown => parseChecksums(text, 'host');

describe('checksum files', () => {
  test.each([
    [`${A}  name\n`, 'name'],
    [`${A} *name\n`, 'name'],
    [`${A}  name`, 'name'],
    [`${A}  name\r\n`, 'name'],
    [`\uFEFF${A}  name\n`, 'name'],
    [`${A.toUpperCase()}  name\n`, 'name'],
    [`${A}  ./name\n`, 'name'],
    [`${A}  two words  \n`, 'two words  '],
    [`${A}   leading\n`, ' leading'],
    [`${A}  *star\n`, '*star'],
    [`${A} name\n`, 'name'],
    [`${A}\tname\n`, 'name'],
    [`\\${A}  a\\\\b\\nc\n`, 'a\\b\nc'],
    [`SHA256 (name) = ${A}\n`, 'name'],
    [`SHA256 (na (me) = me) = ${A}\n`, 'na (me) = me'],
    [`\\SHA256 (a\\nb) = ${A}\n`, 'a\nb'],
    [`${A}\n`, undefined],
    [`# made by hand\n\n${A}  name\n`, 'name'],
  ])('%j names %j', (text, path) => {
    expect(parse(text)).toEqual([{ path, digests: { sha256: A } }]);
  });

  test('are known by the length of their digests', () => {
    const text = `${M}  a\n${'b'.repeat(40)}  b\n${A}  c\n${'d'.repeat(128)}  d\n`;
    expect(parse(text)).toEqual([
      { path: 'a', digests: { md5: M } },
      { path: 'b', digests: { sha1: 'b'.repeat(40) } },
      { path: 'c', digests: { sha256: A } },
      { path: 'd', digests: { sha512: 'd'.repeat(128) } },
    ]);
  });

  test('may say several things of one file', () => {
    expect(parse(`MD5 (x) = ${M}\nSHA256 (x) = ${A}\n`)).toEqual([{ path: 'x', digests: { md5: M, sha256: A } }]);
  });

  test('may be wrapped in a signed message', () => {
    const text = [
      '-----BEGIN PGP SIGNED MESSAGE-----',
      'Hash: SHA256',
      '',
      `${A}  name`,
      '-----BEGIN PGP SIGNATURE-----',
      'iQ==',
      '-----END PGP SIGNATURE-----',
    ].join('\n');
    expect(parse(text)).toEqual([{ path: 'name', digests: { sha256: A } }]);
  });

  test.each([
    '',
    'name',
    `${A.slice(1)}  name`,
    `${A}x  name`,
    `MD5 (x) = ${A}`,
    `CRC32 (x) = 01234567`,
    `${A}  x\n<html>`,
  ])('%j is none', (text) => {
    const isOdd = text === `${A}  `;
    if (isOdd) expect(parse(text)).toEqual([{ path: undefined, digests: { sha256: A } }]);
    else expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'BAD_MANIFEST' }));
  });

  test('what sha256sum writes is read back, whatever the names', () => {
    const name = fc
      .string({ unit: 'binary', minLength: 1 })
      .filter((text) => text.trim() !== '' && !text.startsWith('./') && !/[\r\n\\]/.test(text));
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 20 }), (names) => {
        const text = names.map((each) => `${A}  ${each}\n`).join('');
        expect(parse(text)).toEqual(names.map((path) => ({ path, digests: { sha256: A } })));
      }),
    );
  });

  test('no text makes it throw anything but BAD_MANIFEST', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constant(A),
      fc.stringMatching(/^[a\\ *(]{0,8}SHA256 \([a-z)]{0,5}\) = [a-f]{0,70}$/),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        try {
          parse(lines.join('\n'));
        } catch (error) {
          expect(error).toBeInstanceOf(SluiceError);
        }
      }),
    );
  });
});

test.each([
  ['https://h/SHA256SUMS', true],
  ['https://h/SHA512SUMS.txt', true],
  ['https://h/MD5SUMS', true],
  ['https://h/sha256sum.txt', true],
  ['https://h/checksums.sha256', true],
  ['https://h/checksums.txt', true],
  ['https://h/v1/tool_1.0_checksums.txt', true],
  ['https://h/model.bin.sha256?x=1', true],
  ['https://h/model.bin.md5', true],
  ['https://h/CHECKSUM', true],
  ['https://h/model.bin', false],
  ['https://h/sha256/model.bin', false],
  ['https://h/mysha256x', false],
  ['https://h/', false],
])('%s is a checksum list: %s', (url, expected) => {
  expect(isChecksumList(url)).toBe(expected);
});
