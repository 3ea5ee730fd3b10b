import { expect, it } from 'vitest';
import type { AdmissionReason } from '../../base/index.js';
import { admissionText } from './admission-notice.js';

const reason = (rule: string, path: string): AdmissionReason => ({
  ...{ rule, path, value: rule, threshold: 'CLEAN', verdict: 'warn' },
});
const decided = (reasons: readonly AdmissionReason[], verdict: 'admitted' | 'refused' = 'admitted') => ({
  ...({ type: 'admission.decided', ref: 'hf:a/b', commit: 'c', policy: 'p', policyDigest: '', files: 9 } as const),
  ...{ verdict, reasons },
});

it('names files with what was found in them, broken ones first and unread ones last', () => {
  const reasons = [
    reason('NOT_SCANNED', 'unread.bin'),
    reason('CODE-FILE', 'model.py'),
    reason('REVIEW', 'model.py'),
    reason('NOT_SCANNED', 'other.bin'),
    reason('ERROR', 'cut.safetensors'),
  ];
  expect(admissionText(decided(reasons), 'en')).toBe(
    '4 of 9 files have something to look at: cut.safetensors (ERROR), model.py (CODE-FILE), unread.bin (NOT_SCANNED) and 1 more; `sluice scan hf:a/b` tells more',
  );
  expect(admissionText(decided(reasons), 'zh')).toContain('cut.safetensors（ERROR）、model.py（CODE-FILE）');
});

it('says nothing where there is nothing to say, or an error says it', () => {
  expect(admissionText(decided([]), 'en')).toBeUndefined();
  expect(admissionText(decided([reason('ERROR', 'x')], 'refused'), 'en')).toBeUndefined();
});
