import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CODE_SIGNING, DAY_MS, issue, newKey, NOW_MS } from '../../testing/pki.js';
import type { Certificate } from '../../certificates/certificate.js';
import { acceptance, ruleOf } from '../../testing/trust.js';
import { cosignBundleCandidate, cosignTagCandidate, notationCandidate } from '../../trust/candidates.js';
import { judge, type Candidate, type Judgement } from '../../trust/judge.js';
import type { Acceptance } from '../../trust/policy.js';
import { signCosignBundle, signSimple } from './sign-cosign.js';
import type { ImageSigner, ImageToSign } from './sign-image.js';
import { signNotation } from './sign-notation.js';

const IMAGE = { mediaType: 'application/vnd.oci.image.manifest.v1+json', sha256: 'ab'.repeat(32), sizeBytes: 1234 };
const OTHER = { ...IMAGE, sha256: 'cd'.repeat(32) };
const FORMATS = ['cosign', 'cosign-tag', 'jws', 'cose'] as const;
type Format = (typeof FORMATS)[number];

const rsa = (modulusLength: number): KeyObject => generateKeyPairSync('rsa', { modulusLength }).privateKey;
const KEYS: readonly [string, KeyObject][] = [
  ['P-256', newKey('P-256')],
  ['P-384', newKey('P-384')],
  ['P-521', newKey('P-521')],
  ['RSA 2048', rsa(2048)],
  ['RSA 3072', rsa(3072)],
];
const ed25519 = generateKeyPairSync('ed25519').privateKey;

const root = issue('root', { ca: true });
const between = issue('between', { ca: true, issuer: root });
const certified = (key: KeyObject, more = {}): ImageSigner['certificates'] => {
  const options = { key, issuer: between, ca: false, emails: ['me@acme.example'], purposes: [CODE_SIGNING] };
  return [issue('leaf', { ...options, ...more }).certificate, between.certificate, root.certificate];
};

/** The signature as it is found again, about `image`. */
function signed(format: Format, signer: ImageSigner, image: ImageToSign): Candidate {
  if (format === 'cosign') return cosignBundleCandidate('x', signCosignBundle(IMAGE, signer).bytes, image);
  if (format === 'cosign-tag') {
    const { bytes, annotations } = signSimple(IMAGE, 'registry.example/acme/model', signer);
    return cosignTagCandidate('x', bytes, new Map(Object.entries(annotations)), image);
  }
  return notationCandidate('x', signNotation(IMAGE, signer, format).bytes, image, NOW_MS);
}

const verdict = (
  accept: Acceptance,
  format: Format,
  signer: ImageSigner,
  image: ImageToSign = IMAGE,
): Promise<Judgement> => judge(ruleOf([accept]), [signed(format, signer, image)], NOW_MS);
const byKey = (key: KeyObject): Acceptance => acceptance({ method: 'cosign-key', keys: [createPublicKey(key)] });
const byCertificate = (format: Format, authority = root): Acceptance =>
  acceptance({
    method: format.startsWith('cosign') ? 'cosign-certificate' : 'notation',
    profile: format.startsWith('cosign') ? 'code-signing' : 'notation',
    roots: [authority.certificate],
    identities: ['email:me@acme.example'],
  });

describe('an image that we signed', () => {
  it.each([...KEYS, ['Ed25519', ed25519] as const])(
    'is proven by its key, %s, and by no other, nor for another image',
    async (_, key) => {
      const signer = { key, certificates: [], nowMs: NOW_MS };
      for (const format of ['cosign', 'cosign-tag'] as const) {
        expect(await verdict(byKey(key), format, signer)).toMatchObject({ verdict: 'accepted' });
        expect(await verdict(byKey(newKey()), format, signer)).toMatchObject({ verdict: 'untrusted' });
        expect(await verdict(byKey(key), format, signer, OTHER)).toMatchObject({ verdict: 'broken' });
      }
    },
  );

  it.each(KEYS)('is proven by its certificate, %s, under the root that is trusted, in every form', async (_, key) => {
    const signer = { key, certificates: certified(key), nowMs: NOW_MS };
    for (const format of FORMATS) {
      expect(await verdict(byCertificate(format), format, signer)).toMatchObject({ verdict: 'accepted' });
      const stranger = byCertificate(format, issue('root', { ca: true }));
      expect(await verdict(stranger, format, signer)).toMatchObject({ verdict: 'untrusted' });
      expect(await verdict(byCertificate(format), format, signer, OTHER)).toMatchObject({ verdict: 'broken' });
    }
  });

  it('is signed with the chain that verifiers want: no root in a bundle, a lone certificate as one', () => {
    const key = newKey();
    const bundle = (certificates: ImageSigner['certificates']) =>
      (
        JSON.parse(signCosignBundle(IMAGE, { key, certificates, nowMs: NOW_MS }).bytes.toString()) as {
          verificationMaterial: unknown;
        }
      ).verificationMaterial;
    const [leaf, authority, top] = certified(key);
    const raw = (one = leaf): unknown => ({ rawBytes: one?.der.toString('base64') });
    expect(bundle([leaf!, authority!, top!])).toEqual({
      x509CertificateChain: { certificates: [raw(), raw(authority)] },
    });
    expect(bundle([leaf!, top!])).toEqual({ certificate: raw() });
  });
});

describe('what nobody would accept is not signed', () => {
  const key = newKey();
  const [leaf, authority, top] = certified(key) as [Certificate, Certificate, Certificate];

  const middle = issue('middle', { ca: true, issuer: between });
  const [second] = certified(key, { issuer: middle }) as [Certificate];

  it.each<[string, KeyObject, ImageSigner['certificates'], string]>([
    ['a certificate of another key', newKey(), certified(key), 'not that of the key'],
    ['one that is over', key, certified(key, { notAfterMs: NOW_MS - DAY_MS }), 'valid from'],
    ['one that is not valid yet', key, certified(key, { notBeforeMs: NOW_MS + DAY_MS }), 'valid from'],
  ])('%s', (_, by, certificates, reason) => {
    const signer = { key: by, certificates, nowMs: NOW_MS };
    for (const format of FORMATS) expect(() => signed(format, signer, IMAGE)).toThrow(reason);
  });

  it.each<[string, KeyObject, ImageSigner['certificates'], string]>([
    ['a bare key', key, [], 'with certificates'],
    ['a chain without its root', key, [leaf, authority], 'whole chain'],
    ['a chain with a gap', key, [leaf, top], 'no path'],
    ['a chain in another order', key, [leaf, between.certificate, authority, top], 'order'],
    ['authorities in another order', key, [second, between.certificate, middle.certificate, top], 'order'],
    ['a certificate for something else', key, certified(key, { purposes: ['1.3.6.1.5.5.7.3.1'] }), 'code signing'],
    ['Ed25519', ed25519, [], 'Notation signs with'],
    ['RSA of 2560 bits', rsa(2560), [], 'Notation signs with'],
  ])('by Notation: %s', (_, by, certificates, reason) => {
    const signer = { key: by, certificates, nowMs: NOW_MS };
    for (const form of ['jws', 'cose'] as const) expect(() => signNotation(IMAGE, signer, form)).toThrow(reason);
  });
});
