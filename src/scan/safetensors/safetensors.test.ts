import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildSafetensors, layOut } from '../testing/build-safetensors.js';
import { buildZip } from '../testing/build-zip.js';
import { scanBytes } from '../testing/stub-context.js';
import { scanFile } from '../scan-file.js';
import { safetensorsFormat } from './safetensors.js';

const { header, dataBytes } = layOut([
  { name: 'a', dtype: 'F32', bits: 32, shape: [4] },
  { name: 'b', dtype: 'U8', bits: 8, shape: [3] },
]);
const scan = (file: Buffer) => scanBytes(file, 'model.safetensors', [safetensorsFormat]);
const withMetadata = (metadata: Record<string, string>): Buffer =>
  buildSafetensors({ __metadata__: metadata, ...header }, dataBytes);

describe('safetensors as a format', () => {
  it('is clean, and every byte is somebody’s', async () => {
    const { verdict, coverage, findings } = await scan(withMetadata({ format: 'pt' }));
    expect(findings).toEqual([]);
    expect(verdict).toBe('CLEAN');
    expect(coverage.attributedBytes).toBe(coverage.sizeBytes);
  });

  it.each<[string, Record<string, string>]>([
    ['large', { notes: 'x'.repeat(2 ** 20) }],
    ['with a call', { notes: '__import__ ("os")' }],
    ['with a script', { notes: '#!/bin/sh' }],
    ['with a page', { notes: '<script src=x>' }],
  ])('metadata %s: a person decides', async (_name, metadata) => {
    const { verdict, findings } = await scan(withMetadata(metadata));
    expect(findings.map(({ rule }) => rule)).toEqual(['ST-METADATA']);
    expect(verdict).toBe('REVIEW');
  });

  it('a broken header is an error', async () => {
    expect((await scan(buildSafetensors(header, dataBytes + 1))).verdict).toBe('ERROR');
    expect((await scan(buildSafetensors('{', 0))).verdict).toBe('ERROR');
  });

  it('an archive at the end of its numbers is told', async () => {
    const zip = buildZip({ members: [{ name: 'a', content: 'evil' }] });
    const tensor = { dtype: 'U8', shape: [zip.length + 100], data_offsets: [0, zip.length + 100] };
    const file = buildSafetensors({ a: tensor }, zip.length + 100);
    zip.copy(file, file.length - zip.length);
    const { verdict, findings } = await scan(file);
    expect(findings.map(({ rule }) => rule)).toEqual(['POLYGLOT']);
    expect(verdict).toBe('FINDINGS');
  });

  it('of a large file only the header is read', async () => {
    const size = 4 * 2 ** 30;
    const head = buildSafetensors({ a: { dtype: 'U8', shape: [size], data_offsets: [0, size] } }, 0);
    let readBytes = 0;
    const bytes = {
      sizeBytes: head.length + size,
      read: (offset: number, length: number): Promise<Buffer> => {
        readBytes += length;
        const buffer = Buffer.alloc(length);
        if (offset < head.length) head.copy(buffer, 0, offset);
        return Promise.resolve(buffer);
      },
    };
    expect((await scanFile(bytes, 'model.safetensors', { formats: [safetensorsFormat] })).verdict).toBe('CLEAN');
    expect(readBytes).toBeLessThan(2 ** 18);
  });

  it('any change of a byte of its header: never clean with bytes that are nobody’s', async () => {
    const file = withMetadata({ format: 'pt' });
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - dataBytes - 1), fc.nat(255), async (at, byte) => {
        const changed = Buffer.from(file);
        changed[at] = byte;
        const { verdict, coverage, findings } = await scan(changed);
        expect(findings.map(({ rule }) => rule)).not.toContain('FORMAT-FAULT');
        if (verdict === 'CLEAN') expect(coverage.unattributed).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
