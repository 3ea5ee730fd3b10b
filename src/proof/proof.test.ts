import { createHash } from 'node:crypto';
import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineCrc32, crc32, crc32c, crcHex, createHasher, createProof, proveBytes } from './index.js';

const text = (value: string): Buffer => Buffer.from(value);

describe('crc', () => {
  it('gives the published check values', () => {
    expect(crcHex(crc32(text('123456789')))).toBe('cbf43926');
    expect(crcHex(crc32c(text('123456789')))).toBe('e3069283');
    expect(crcHex(crc32c(Buffer.alloc(32)))).toBe('8a9136aa');
  });

  it('is the same however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, cut) => {
        expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(crc32c(bytes));
        const parts = [bytes.subarray(0, cut), bytes.subarray(cut)] as const;
        expect(combineCrc32(crc32(parts[0]), crc32(parts[1]), parts[1].length)).toBe(crc32(bytes));
        // zlib.crc32 came with Node 20.15 and 22.2.
        expect(crc32(bytes)).toBe(zlibCrc32(bytes));
      }),
    );
  });
});

describe('createHasher', () => {
  it('knows the git id of the empty blob and of a short one', () => {
    expect(createHasher('gitSha1', 0).hex()).toBe('e69de29bb2d1d6434b8b29ae775ad8c2e48c5391');
    const hasher = createHasher('gitSha1', 6);
    hasher.update(text('hello\n'));
    expect(hasher.hex()).toBe('ce013625030ba8dba906f756967f9e9ca394464a');
  });
});

describe('createProof', () => {
  const content = text('some weights');
  const sha256 = createHash('sha256').update(content).digest('hex');
  const md5 = createHash('md5').update(content).digest('hex');

  it('records the SHA-256 when nothing was promised', () => {
    expect(proveBytes(content, {})).toEqual({ sha256, sizeBytes: 12, digests: { sha256 }, checks: [] });
  });

  it('checks everything that was promised, strongest first, and accepts upper case', () => {
    const verdict = proveBytes(content, { md5: md5.toUpperCase(), sha256, crc32c: crcHex(crc32c(content)) });
    expect(verdict.checks).toEqual(['sha256', 'md5', 'crc32c']);
    expect(verdict.mismatch).toBeUndefined();
  });

  it('refuses content when any one digest does not fit, though others do', () => {
    const verdict = proveBytes(content, { sha256, md5: '0'.repeat(32), crc32: '00000000' });
    expect(verdict.mismatch).toEqual({ algorithm: 'md5', expected: '0'.repeat(32), actual: md5 });
  });

  it('is the same however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, cut) => {
        const promised = { sha512: 'x', gitSha1: 'y', crc32: 'z' };
        const proof = createProof(promised, bytes.length);
        proof.update(bytes.subarray(0, cut));
        proof.update(bytes.subarray(cut));
        expect(proof.finish().digests).toEqual(proveBytes(bytes, promised).digests);
      }),
    );
  });
});
