import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact } from './redact.js';

describe('redact', () => {
  it.each([
    ['GET https://user:pa%20ss@host/x failed', 'GET https://***@host/x failed'],
    ['https://h/x?X-Amz-Signature=abc&X-Amz-Date=1', 'https://h/x?X-Amz-Signature=***&X-Amz-Date=1'],
    ['https://h/x?Policy=p&Signature=s&Key-Pair-Id=k', 'https://h/x?Policy=***&Signature=***&Key-Pair-Id=***'],
    ['"https://a@b/c" and https://d:e@f', '"https://***@b/c" and https://***@f'],
    ['Authorization: Bearer hf_abcdefghijklmnop', 'Authorization: Bearer ***'],
    ['token hf_abcdefghijklmnop.', 'token hf_***'],
    ['Cookie: m_session_id=0123456789abcdef', 'Cookie: m_session_id=***'],
    ['hf_hub is a word', 'hf_hub is a word'],
  ])('hides what is secret in %s', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it('never lets a token through, wherever it stands', () => {
    const token = 'hf_SecretSecretSecretSecretSecret00';
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        expect(redact(`${before}${token}${after}`)).not.toContain('SecretSecretSecret');
      }),
    );
  });

  it('takes time in proportion to its input, also for hostile text', () => {
    const text = '://'.repeat(100_000) + 'Bearer '.repeat(100_000) + '?'.repeat(100_000);
    expect(redact(text).length).toBeGreaterThan(0);
  });
});
