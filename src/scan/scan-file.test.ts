import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatFault } from './format-fault.js';
import { NO_INVENTORY } from './inventory.js';
import type { Finding, Format, FormatScan, ScanContext, Verdict } from './port.js';
import { finding } from './rules.js';
import { scanFile } from './scan-file.js';
import { sliceOf, sourceOfBuffer } from './sources.js';

const attributed = (startByte: number, endByte: number) => [{ startByte, endByte, what: 'x' }];

function says(format: string, endByte: number, verdict: Verdict = 'CLEAN', findings: Finding[] = []): FormatScan {
  return { format, verdict, findings, attributions: attributed(0, endByte), inventory: NO_INVENTORY };
}

/** A format known by its first letter. */
function letter(sign: string, scan: Format['scan']): Format {
  return { format: sign, claims: (start) => start[0] === sign.charCodeAt(0), scan };
}

const whole = (sign: string) => letter(sign, async (bytes) => says(sign, bytes.sizeBytes));
const scan = (text: string, formats: Format[], name = 'a') =>
  scanFile(sourceOfBuffer(Buffer.from(text)), name, { formats });

describe('a scan', () => {
  it('is CLEAN only with every byte attributed', async () => {
    expect(await scan('abc', [whole('a')])).toMatchObject({ verdict: 'CLEAN', formats: ['a'], findings: [] });
    const short = await scan('abc', [letter('a', async () => says('a', 2))]);
    expect(short.verdict).toBe('NOT_SCANNED');
    expect(short.findings).toMatchObject([{ rule: 'COV-UNATTRIBUTED', offsetBytes: 2, lengthBytes: 1 }]);
    expect(await scan('xyz', [whole('a')])).toMatchObject({ verdict: 'NOT_SCANNED', formats: [] });
    expect((await scan('', [])).verdict).toBe('CLEAN');
  });

  it('lets findings count by their severity, whatever the reader says', async () => {
    const verdictOf = async (severity: Finding['severity']) =>
      (await scan('a', [letter('a', async () => says('a', 1, 'CLEAN', [finding('TF-OP', 'x', [], 0, severity)]))]))
        .verdict;
    expect(await Promise.all((['critical', 'high', 'medium', 'low', 'info'] as const).map(verdictOf))).toEqual([
      'FINDINGS',
      'FINDINGS',
      'REVIEW',
      'CLEAN',
      'CLEAN',
    ]);
  });

  it('reads the bytes as every format that claims them; the worst counts', async () => {
    const other: Format = { ...whole('b'), claims: () => true, scan: async () => says('b', 0, 'REVIEW') };
    expect(await scan('abc', [whole('a'), other])).toMatchObject({ verdict: 'REVIEW', formats: ['a', 'b'] });
  });

  it('reads what the name promises too, and says that it was not that', async () => {
    const gguf: Format = {
      format: 'gguf',
      claims: (start) => start[0] === 0x47,
      scan: async () => Promise.reject(new FormatFault('GGUF-MAGIC', 'no magic')),
    };
    const found = await scan('abc', [whole('a'), gguf], 'x/model.GGUF');
    expect(found.verdict).toBe('ERROR');
    expect(found.findings.map(({ rule }) => rule)).toEqual(['TYPE-MISMATCH', 'GGUF-MAGIC']);
    expect((await scan('Gbc', [whole('G')], 'model.gguf')).findings.map(({ rule }) => rule)).toEqual(['TYPE-MISMATCH']);
  });

  it('makes ERROR of a reader that throws or claims what is not there', async () => {
    const throws = await scan('abc', [letter('a', async () => Promise.reject(new TypeError('oh')))]);
    expect(throws).toMatchObject({ verdict: 'ERROR' });
    expect(throws.findings[0]).toMatchObject({ rule: 'FORMAT-FAULT', evidence: 'not a: oh' });
    expect((await scan('abc', [letter('a', async () => says('a', 4))])).verdict).toBe('ERROR');
    expect(
      (await scan('abc', [letter('a', async (bytes) => says('a', (await bytes.read(2, 2)).length))])).verdict,
    ).toBe('ERROR');
    const stumbles: Format = { ...whole('b'), claims: () => JSON.parse('') as boolean };
    expect((await scan('abc', [stumbles])).formats).toEqual(['b']);
  });

  it('rejects when the bytes cannot be had, even if a reader hides it, and when it is ended', async () => {
    const broken = {
      sizeBytes: 70_000,
      read: (at: number, length: number) =>
        at > 0 ? Promise.reject(new Error('EIO')) : Promise.resolve(Buffer.alloc(length, 'a')),
    };
    const hides = letter('a', async (bytes) =>
      bytes.read(66_000, 10).then(
        () => says('a', 0),
        () => says('a', bytes.sizeBytes),
      ),
    );
    await expect(scanFile(broken, 'a', { formats: [hides] })).rejects.toThrow('EIO');
    const ending = new AbortController();
    const ends = letter(
      'a',
      async (bytes) => (ending.abort(new Error('enough')), bytes.read(0, 1).then(() => says('a', 3))),
    );
    await expect(
      scanFile(sourceOfBuffer(Buffer.from('abc')), 'a', { formats: [ends], signal: ending.signal }),
    ).rejects.toThrow('enough');
  });

  it('goes inside, names the way there, and counts what is not read there', async () => {
    const box = letter('(', async (bytes, context: ScanContext) => {
      const inner = await context.scanInside(sliceOf(bytes, 1, bytes.sizeBytes - 1), `at${context.depth}`);
      return { ...inner, format: 'box', attributions: attributed(0, bytes.sizeBytes) };
    });
    const found = await scan('((bad', [box]);
    expect(found.verdict).toBe('NOT_SCANNED');
    expect(found.findings[0]).toMatchObject({ rule: 'COV-UNATTRIBUTED', members: ['at0', 'at1'] });
    expect(found.members.map(({ members, verdict }) => [members.join('/'), verdict])).toEqual([
      ['at0/at1', 'NOT_SCANNED'],
      ['at0', 'NOT_SCANNED'],
    ]);
    expect(await scan('((abc', [box, whole('a')])).toMatchObject({ verdict: 'CLEAN' });
  });

  it('stops at a depth that no real file has', async () => {
    const box = letter('(', async (bytes, context: ScanContext) => ({
      ...(await context.scanInside(bytes, 'again')),
      attributions: attributed(0, bytes.sizeBytes),
    }));
    const found = await scan('(', [box]);
    expect(found.verdict).toBe('NOT_SCANNED');
    expect(found.findings).toMatchObject([{ rule: 'LIMIT-HIT', members: Array(9).fill('again') as string[] }]);
  });

  it('asks an antivirus where there is one; its word counts as any', async () => {
    const antivirus = { scan: async () => says('clamav', 0, 'CLEAN', [finding('AV-SIG', 'Eicar', [])]) };
    const found = await scanFile(sourceOfBuffer(Buffer.from('abc')), 'a', { formats: [whole('a')], antivirus });
    expect(found).toMatchObject({ verdict: 'FINDINGS', findings: [{ rule: 'AV-SIG' }] });
  });

  it('does not crash on any bytes under any name', async () => {
    const names = fc.constantFrom(
      'config.json',
      'a.py',
      'model.onnx',
      'saved_model.pb',
      'm.h5',
      'm.keras',
      'a.yaml',
      'chat_template.jinja',
      'README.md',
      'a.png',
      'spiece.model',
      'x',
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), names, async (bytes, name) => {
        const found = await scanFile(sourceOfBuffer(Buffer.from(bytes)), name);
        expect(found.coverage.attributedBytes).toBeLessThanOrEqual(bytes.length);
        if (found.verdict === 'CLEAN') expect(found.coverage.attributedBytes).toBe(bytes.length);
      }),
      { numRuns: 200 },
    );
  });
});
