import { createHash, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DAY_MS, issue, newKey, NOW_MS, type Issued, type IssueOptions } from '../testing/pki.js';
import { certificatePem } from '../testing/sigstore.js';
import { blobCandidate } from './candidates.js';
import { judge, type Judgement } from './judge.js';
import { parseTrustPolicy } from './read-policy.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-spiffe-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const MODEL = 'weights';
const model = join(folder, 'w.bin');
writeFileSync(model, MODEL);

const acme = issue('acme', { ca: true, uris: ['spiffe://acme.io'] });
const other = issue('other', { ca: true, uris: ['spiffe://other.io'] });
writeFileSync(join(folder, 'acme.pem'), certificatePem(acme));
writeFileSync(join(folder, 'other.pem'), certificatePem(other));

const svid = (id: string, issuer: Issued, more: IssueOptions = {}): Issued =>
  issue('workload', { ca: false, issuer, uris: [id], ...more });

/** A bundle over the file, as `cosign sign-blob` makes it with a certificate; `others` come along. */
function signedBy({ key, certificate }: Issued, by = key, others: readonly Issued[] = []): Buffer {
  const digest = createHash('sha256').update(MODEL).digest('base64');
  return Buffer.from(
    JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: {
        x509CertificateChain: {
          certificates: [certificate, ...others.map((one) => one.certificate)].map(({ der }) => ({
            rawBytes: der.toString('base64'),
          })),
        },
      },
      messageSignature: {
        messageDigest: { algorithm: 'SHA2_256', digest },
        signature: sign('sha256', Buffer.from(MODEL), by).toString('base64'),
      },
    }),
  );
}

const accept = (root: string, identity: string): string => `[[rule.accept]]
method = "cosign-certificate"
profile = "spiffe"
roots = ["${root}"]
identities = ["uri:${identity}"]
`;
const ACME = accept('acme.pem', 'spiffe://acme.io/release');
const OTHER = accept('other.pem', 'spiffe://other.io/release');

async function judged(bundle: Buffer, accepts: string, nowMs = NOW_MS): Promise<Judgement> {
  const text = `version = 1\n[[rule]]\nname = "r"\nscopes = ["*"]\n${accepts}`;
  const { rules } = await parseTrustPolicy(text, join(folder, 'policy.toml'));
  const check = (sha256: string) => Promise.resolve({ covers: [sha256], unverified: [] });
  return judge(rules[0]!, [blobCandidate('x', bundle, model, check)], nowMs);
}

describe('a policy for SPIFFE', () => {
  it('accepts the SVID that it names', async () => {
    expect(await judged(signedBy(svid('spiffe://acme.io/release', acme)), ACME)).toMatchObject({
      verdict: 'accepted',
      accepted: [{ signer: { kind: 'certificate', identity: 'uri:spiffe://acme.io/release' } }],
    });
  });

  it.each([
    ['another path', 'spiffe://acme.io/build', acme, /signed by uri:spiffe:\/\/acme\.io\/build/],
    ['a path below', 'spiffe://acme.io/release/x', acme, /signed by uri/],
    ['another case', 'spiffe://acme.io/Release', acme, /signed by uri/],
    ['another trust domain', 'spiffe://other.io/release', other, /no path to a root/],
    ['another trust domain by the same authority', 'spiffe://other.io/release', acme, /signed by uri/],
    ['the same name by another authority', 'spiffe://acme.io/release', other, /no path to a root/],
  ])('refuses %s', async (_, id, issuer, reason) => {
    // Its authority comes along, and is believed no more for that.
    const signer = svid(id, issuer);
    const found = await judged(signedBy(signer, signer.key, [issuer]), ACME);
    expect(found).toMatchObject({ verdict: 'untrusted', refused: [{ kind: 'trust' }] });
    expect(found.refused[0]?.reason).toMatch(reason);
  });

  it('keeps the authorities of each trust domain to that domain', async () => {
    const both = ACME + OTHER;
    for (const [id, issuer, verdict] of [
      ['spiffe://acme.io/release', acme, 'accepted'],
      ['spiffe://other.io/release', other, 'accepted'],
      ['spiffe://acme.io/release', other, 'untrusted'],
      ['spiffe://other.io/release', acme, 'untrusted'],
    ] as const)
      expect((await judged(signedBy(svid(id, issuer)), both)).verdict).toBe(verdict);
  });

  it('knows a signature that is wrong from a signer that is unknown', async () => {
    const right = svid('spiffe://acme.io/release', acme);
    expect((await judged(signedBy(right, newKey()), ACME)).verdict).toBe('broken');
  });

  it('refuses an SVID that has run out, since nobody says that it was used before', async () => {
    const short = svid('spiffe://acme.io/release', acme, { notAfterMs: NOW_MS + DAY_MS / 24 });
    expect((await judged(signedBy(short), ACME)).verdict).toBe('accepted');
    expect((await judged(signedBy(short), ACME, NOW_MS + DAY_MS)).verdict).toBe('untrusted');
  });

  it('does not take for an SVID what is for code signing, nor the other way round', async () => {
    const signer = svid('spiffe://acme.io/release', acme, { purposes: ['1.3.6.1.5.5.7.3.3'] });
    expect((await judged(signedBy(signer), ACME)).verdict).toBe('untrusted');
    const workload = svid('spiffe://acme.io/release', acme);
    const plain = ACME.replace('profile = "spiffe"\n', '');
    expect((await judged(signedBy(workload), plain)).verdict).toBe('untrusted');
    expect((await judged(signedBy(signer), plain)).verdict).toBe('accepted');
  });
});
