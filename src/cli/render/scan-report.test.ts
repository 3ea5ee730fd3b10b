import { describe, expect, it } from 'vitest';
import type { AdmissionReport, ScanReport } from '../api.js';
import { renderAdmission } from './admission.js';
import { lookFor, type Look } from './look.js';
import { toSarif } from './sarif.js';
import { renderScan } from './scan-report.js';
import { displayWidth } from './width.js';

const look = (lang: 'en' | 'zh'): Look => lookFor({}, { LANG: 'C.UTF-8' }, 'linux', { lang, color: 'never' });

const SCAN = {
  name: '',
  formats: ['pickle'],
  coverage: { sizeBytes: 1, attributedBytes: 1, unattributed: [] },
  inventory: { imports: [], calls: [], templates: [], hooks: [] },
  members: [],
  rulesDigest: '',
};
const FINDING = {
  rule: 'TF-OP',
  severity: 'high',
  evidence: `reads ${'a'.repeat(90)}`,
  members: ['a/b'],
  offsetBytes: 7,
} as const;
const REPORT: ScanReport = {
  target: `hf:acme/${'long-'.repeat(20)}name`,
  place: 'remote',
  files: [
    {
      path: 'good.json',
      sizeBytes: 10,
      sha256: null,
      scan: { ...SCAN, formats: ['json'], verdict: 'CLEAN', findings: [] },
    },
    {
      path: `${'folder/'.repeat(20)}坏模型.bin`,
      sizeBytes: 2 ** 30,
      sha256: null,
      scan: { ...SCAN, verdict: 'FINDINGS', findings: Array.from({ length: 9 }, () => FINDING) },
    },
    {
      path: 'odd\u001b[31m.bin',
      sizeBytes: null,
      sha256: null,
      scan: { ...SCAN, verdict: 'NOT_SCANNED', findings: [] },
    },
  ],
  ms: 1200,
};

describe.each(['en', 'zh'] as const)('in %s', (lang) => {
  it('a scan fits 80 columns, tells the worst first and each rule once', () => {
    const lines = renderScan(REPORT, look(lang), 80);
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(80);
    const text = lines.join('\n');
    expect(text.indexOf('坏模型')).toBeLessThan(text.indexOf('odd'));
    expect(text.match(/TensorFlow/g)?.length).toBe(1);
    expect(text).toContain('3');
    expect(text).not.toContain('\u001b');
  });

  it('a decision fits 80 columns', () => {
    const report: AdmissionReport = {
      target: 'hf:acme/tiny',
      commit: 'c',
      place: 'store',
      files: 2,
      facts: null,
      decision: {
        verdict: 'refused',
        policy: 'house',
        policyDigest: '',
        reasons: [
          { rule: 'AGE', value: 'x'.repeat(100), threshold: '3d', verdict: 'refuse' },
          {
            rule: 'SIZE-FILE',
            path: 'a'.repeat(100),
            value: '1',
            threshold: '2',
            verdict: 'waived',
            waiver: { owner: 'ann', untilMs: 0 },
          },
        ],
      },
    };
    const lines = renderAdmission(report, look(lang), 80);
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(80);
    expect(lines.join('\n')).toContain('1970-01-01');
    expect(lines.at(-1)).toContain('house');
  });
});

it('SARIF has a result for each finding, and for each file that was not read', () => {
  const { runs } = toSarif([REPORT]) as {
    runs: {
      tool: { driver: { rules: { id: string }[] } };
      results: { ruleId: string; level: string; locations: unknown }[];
    }[];
  };
  const results = runs[0]?.results ?? [];
  expect(results.map(({ ruleId }) => ruleId)).toEqual([...Array.from({ length: 9 }, () => 'TF-OP'), 'NOT_SCANNED']);
  expect(runs[0]?.tool.driver.rules.map(({ id }) => id)).toEqual(['NOT_SCANNED', 'TF-OP']);
  // The offset is one of the member.
  expect(JSON.stringify(results[0]?.locations)).not.toContain('byteOffset');
});
