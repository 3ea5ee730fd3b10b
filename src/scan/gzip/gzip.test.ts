import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Format } from '../port.js';
import { scanBytes } from '../testing/stub-context.js';
import { anything } from '../testing/stub-context.js';
import { gzipFormat } from './gzip.js';
import { zlibFormat } from './zlib.js';

const seen: Buffer[] = [];
const inside: Format = {
  ...anything,
  claims: (start) => start[0] !== 0x1f && start[0] !== 0x78,
  scan: async (bytes, context) => {
    seen.push(await bytes.read(0, bytes.sizeBytes));
    return anything.scan(bytes, context);
  },
};
const scan = async (file: Buffer) => {
  seen.length = 0;
  const { verdict, findings, coverage } = await scanBytes(file, 'model', [gzipFormat, zlibFormat, inside]);
  return { verdict, rules: findings.map(({ rule }) => rule), coverage, inner: seen[0] };
};
const TEXT = Buffer.from('harmless text, again and again and again');

describe('gzip and zlib', () => {
  it('one stream, or several of gzip behind each other', async () => {
    for (const [file, inner] of [
      [gzipSync(TEXT), TEXT],
      [Buffer.concat([gzipSync(TEXT), gzipSync('more')]), Buffer.concat([TEXT, Buffer.from('more')])],
      [Buffer.concat([gzipSync(TEXT), Buffer.alloc(20)]), TEXT],
      [deflateSync(TEXT), TEXT],
      [deflateSync(TEXT, { level: 0 }), TEXT],
    ] as const) {
      const found = await scan(file);
      expect(found.rules).toEqual([]);
      expect(found.verdict).toBe('CLEAN');
      expect(found.coverage.attributedBytes).toBe(file.length);
      expect(found.inner).toEqual(inner);
    }
  });

  it.each<[string, Buffer]>([
    ['breaks off', gzipSync(TEXT).subarray(0, -12)],
    ['has half a checksum', gzipSync(TEXT).subarray(0, -4)],
    ['has something behind it', Buffer.concat([gzipSync(TEXT), Buffer.from('evil')])],
    ['breaks off (zlib)', deflateSync(TEXT).subarray(0, -6)],
    ['has something behind it (zlib)', Buffer.concat([deflateSync(TEXT), Buffer.from('evil')])],
  ])('what %s is an error, and read as far as it goes', async (_name, file) => {
    const found = await scan(file);
    expect(found.rules).toContain('PACKED-FAULT');
    expect(found.verdict).toBe('ERROR');
    expect(found.inner?.length).toBeGreaterThan(0);
  });

  it('a field that could hold anything is nobody’s', async () => {
    const plain = gzipSync(TEXT);
    const extra = Buffer.concat([
      plain.subarray(0, 3),
      Buffer.from([4]),
      plain.subarray(4, 10),
      Buffer.from('\u0004\u0000evil'),
      plain.subarray(10),
    ]);
    expect((await scan(extra)).verdict).toBe('NOT_SCANNED');
  });

  it('stops where something unpacks to more than any model does', async () => {
    for (const pack of [gzipSync, deflateSync]) {
      const found = await scan(pack(Buffer.alloc(130 * 2 ** 20)));
      expect(found.rules).toContain('PACKED-RATIO');
      expect(found.verdict).toBe('FINDINGS');
    }
  });

  it('does not take the length of a safetensors header for zlib', () => {
    for (const headerBytes of [0x0178, 0x9c78, 0xda78, 0x5e78]) {
      const start = Buffer.alloc(64, '{');
      start.writeBigUInt64LE(BigInt(headerBytes));
      expect(zlibFormat.claims(start, 'm', 1e9)).toBe(false);
    }
    expect(zlibFormat.claims(deflateSync(TEXT), 'm', 100)).toBe(true);
  });

  it('any change of a byte: never clean with other content', async () => {
    const file = Buffer.concat([gzipSync(TEXT), gzipSync('more')]);
    const whole = Buffer.concat([TEXT, Buffer.from('more')]);
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const changed = Buffer.from(file);
        changed[at] = (changed[at] ?? 0) ^ change;
        const found = await scan(changed);
        if (found.verdict === 'CLEAN' && changed[0] === 0x1f && changed[1] === 0x8b) expect(found.inner).toEqual(whole);
      }),
      { numRuns: 200 },
    );
  });
});
