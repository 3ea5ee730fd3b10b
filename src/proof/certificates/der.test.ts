import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SignatureFault } from '../signature-fault.js';
import { bits, der, integer, issue, oid, revocationList, seq, text } from '../testing/pki.js';
import { parseCertificate } from './certificate.js';
import { bitsOf, booleanOf, integerOf, objectIdOf, readDer, timeOf } from './der.js';
import { parseRevocationList } from './revocation.js';
import { parseSpiffeId } from './spiffe-id.js';

describe('DER', () => {
  it('reads what another writer wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(2 ** 31), (content, number) => {
        expect(readDer(der(0x04, content)).content).toEqual(Buffer.from(content));
        expect(Number(`0x${integerOf(readDer(integer(number))).toString('hex')}`)).toBe(number);
      }),
    );
    expect(objectIdOf(readDer(oid('1.3.6.1.4.1.57264.1.8')))).toBe('1.3.6.1.4.1.57264.1.8');
    expect(objectIdOf(readDer(oid('2.16.840.1.101')))).toBe('2.16.840.1.101');
  });

  it.each([
    ['nothing', ''],
    ['a length without end', '3080020101'],
    ['a length written the long way', '0481810a'],
    ['a length that is too long', '0405aa'],
    ['something after the end', '0400ff'],
    ['a long tag', '1f8100'],
  ])('refuses %s', (_, hex) => {
    expect(() => readDer(Buffer.from(hex, 'hex'))).toThrow(SignatureFault);
  });

  it('refuses values that could be written in another way', () => {
    expect(() => integerOf(readDer(der(2, Buffer.of(0, 1))))).toThrow(/padding/);
    expect(() => booleanOf(readDer(der(1, Buffer.of(1))))).toThrow(/boolean/);
    expect(() => bitsOf(readDer(bits(Buffer.of(1), 1)))).toThrow(/unused/);
    for (const [tag, time] of [
      [0x17, '260230000000Z'],
      [0x18, '20260101000000'],
      [0x18, '20260101000000+0100'],
      [0x17, '2601010000Z'],
    ] as const)
      expect(() => timeOf(readDer(text(tag, time)))).toThrow(SignatureFault);
    expect(timeOf(readDer(text(0x17, '491231235959Z')))).toBe(Date.UTC(2049, 11, 31, 23, 59, 59));
    expect(timeOf(readDer(text(0x17, '500101000000Z')))).toBe(Date.UTC(1950, 0, 1));
  });
});

describe('a certificate or revocation list of any bytes', () => {
  const root = issue('root', { ca: true, emails: ['a@b.c'], purposes: ['1.2.3'] });
  const samples = [root.certificate.der, revocationList(root, [{ serial: '05', reason: 1 }])];

  it('is read or refused, and nothing else', () => {
    fc.assert(
      fc.property(fc.nat(1), fc.nat(600), fc.nat(255), fc.boolean(), (which, place, byte, isCut) => {
        const sample = samples[which] ?? seq();
        const at = place % sample.length;
        const spoilt = isCut ? sample.subarray(0, at) : Buffer.from(sample);
        if (!isCut) spoilt.writeUInt8(byte, at);
        try {
          (which === 0 ? parseCertificate : parseRevocationList)(spoilt);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SignatureFault);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a SPIFFE ID', () => {
  it.each(['spiffe://acme.io/signer', 'spiffe://acme.io', 'spiffe://a_b-c.9/x/Y.z'])('is %s', (text_) => {
    expect(parseSpiffeId(text_)).toBeDefined();
  });
  it.each([
    'spiffe://Acme.io/x',
    'spiffe://acme.io/',
    'spiffe://acme.io/a//b',
    'spiffe://acme.io/../x',
    'spiffe://acme.io:1/x',
    'spiffe://u@acme.io/x',
    'spiffe://acme.io/x?y',
    'spiffe://acme.io/%41',
    'https://acme.io/x',
  ])('is not %s', (text_) => {
    expect(parseSpiffeId(text_)).toBeUndefined();
  });
});
