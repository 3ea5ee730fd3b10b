import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { H5PY_FILES } from '../testing/h5py-files.js';
import { rulesOf, scanOf } from '../testing/scan-text.js';

const file = (which: keyof typeof H5PY_FILES): Buffer => gunzipSync(Buffer.from(H5PY_FILES[which], 'base64'));
const scan = (bytes: Buffer) => scanOf('model.h5', bytes);

describe('HDF5', () => {
  it('as h5py writes it is CLEAN, every byte of it known', async () => {
    expect(await scan(file('ordinary'))).toMatchObject({
      verdict: 'CLEAN',
      findings: [],
      coverage: { unattributed: [] },
    });
    expect((await scan(file('ordinary'))).inventory.hooks).toEqual(['keras.class=|Dense', 'keras.class=|Sequential']);
    expect((await scan(file('soft'))).verdict).toBe('CLEAN');
  });

  it('is judged by the model that Keras keeps in it (CVE-2025-9905)', async () => {
    expect(rulesOf(await scan(file('lambda')))).toEqual(['KERAS-CLASS critical']);
  });

  it.each(['externalLink', 'externalData', 'virtual'] as const)(
    'that leads out of itself is refused: %s',
    async (which) => {
      const found = await scan(file(which));
      expect(found.verdict).toBe('FINDINGS');
      expect(rulesOf(found)).toContain('HDF5-OUTSIDE high');
    },
  );

  it('newer than what is read, cut, or with something behind it is not CLEAN', async () => {
    const newest = Buffer.from(file('latest'));
    newest[8] = 4;
    expect((await scan(newest)).verdict).toBe('NOT_SCANNED');
    const bytes = file('ordinary');
    expect((await scan(Buffer.concat([bytes, Buffer.from('\x80\x04hidden')]))).verdict).toBe('NOT_SCANNED');
    for (const kept of [0.2, 0.5, 0.9])
      expect((await scan(bytes.subarray(0, Math.floor(bytes.length * kept)))).verdict).not.toBe('CLEAN');
  });

  it('takes changed bytes without a crash', async () => {
    const bytes = file('lambda');
    const structure = bytes.length - 2000;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(structure), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const changed = Buffer.from(bytes);
          for (const [at, byte] of changes) changed[at] = byte;
          const found = await scan(changed);
          expect(found.findings.some(({ rule }) => rule === 'FORMAT-FAULT')).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });
});
