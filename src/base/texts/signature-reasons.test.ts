import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorText } from './index.js';
import { signatureReason, SIGNATURE_REASONS_ZH } from './signature-reasons.js';

test('reasons are told in Chinese, with their names and numbers; others as they are', () => {
  expect(signatureReason('a {b}.bin has other bytes than were signed', 'zh')).toBe('a {b}.bin 的内容与签名时不同');
  expect(signatureReason('CN=x expired 2026-01-01T00:00:00.000Z', 'zh')).toBe(
    'CN=x 已于 2026-01-01T00:00:00.000Z 过期',
  );
  expect(signatureReason('CN=x: nobody says whether it is revoked (the answer is out of date)', 'zh')).toBe(
    'CN=x：无从得知是否已被吊销（应答已过期）',
  );
  for (const other of ['CBOR with a key twice', '', 'x'.repeat(100_000)])
    expect(signatureReason(other, 'zh')).toBe(other);
  expect(signatureReason('the signature is wrong', 'en')).toBe('the signature is wrong');
  const details = { subject: 'm', rule: 'r', reason: 'signed by email:a@b' };
  expect(errorText('UNTRUSTED_SIGNER', details, 'zh').what).toContain('由 email:a@b 签名');
  expect(errorText('BAD_SIGNATURE', { subject: 'm' }, 'zh').what).not.toContain('undefined');
});

test('every reason here is one that the source gives', () => {
  const rooms = ['proof', 'pull/verify'].map((room) => join(import.meta.dirname, '..', '..', room));
  const sources = rooms
    .flatMap((room) => readdirSync(room, { recursive: true, encoding: 'utf8' }).map((name) => join(room, name)))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
  const unknown = Object.keys(SIGNATURE_REASONS_ZH).filter((reason) =>
    reason.split('{}').some((part) => !sources.includes(part.replace(/^: /, '').trim())),
  );
  expect(unknown).toEqual([]);
});
