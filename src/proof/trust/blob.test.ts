import { createHash, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CODE_SIGNING, issue, newKey, NOW_MS } from '../testing/pki.js';
import { acceptance, ruleOf } from '../testing/trust.js';
import { blobCandidate } from './candidates.js';
import { judge, type Judgement } from './judge.js';
import type { Acceptance } from './policy.js';

const scratch = mkdtempSync(join(tmpdir(), 'sluice-blob-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const CONTENT = 'weights';
const path = join(scratch, 'w.bin');
writeFileSync(path, CONTENT);
const sha256 = createHash('sha256').update(CONTENT).digest();

const key = newKey();
const spkiHint = (by: KeyObject): string =>
  createHash('sha256')
    .update(createPublicKey(by).export({ format: 'der', type: 'spki' }))
    .digest('base64');

function bundleOf(material: unknown, more: Record<string, unknown> = {}, by = key, content = CONTENT): Buffer {
  const { digest = sha256.toString('base64'), algorithm = 'SHA2_256', ...rest } = more;
  return Buffer.from(
    JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: material,
      messageSignature: {
        messageDigest: { algorithm, digest },
        signature: sign('sha256', Buffer.from(content), by).toString('base64'),
      },
      ...rest,
    }),
  );
}

const byKey = (by = key): Acceptance => acceptance({ method: 'cosign-key', keys: [createPublicKey(by)] });

const verdict = (bundle: Buffer, ...accept: readonly Acceptance[]): Promise<Judgement> => {
  const check = (wanted: string) => Promise.resolve({ covers: [wanted], unverified: [] });
  return judge(ruleOf(accept), [blobCandidate('x', bundle, path, check)], NOW_MS);
};

describe('a bundle over a file', () => {
  it('is of this file, by this key, whatever the bundle calls it', async () => {
    for (const publicKey of [{ hint: spkiHint(key) }, {}])
      expect(await verdict(bundleOf({ publicKey }), byKey())).toMatchObject({
        verdict: 'accepted',
        accepted: [{ method: 'cosign-key', covers: [sha256.toString('hex')] }],
      });
    const other = newKey();
    expect((await verdict(bundleOf({ publicKey: { hint: spkiHint(key) } }), byKey(other))).verdict).toBe('untrusted');
    const claimed = bundleOf({ publicKey: { hint: spkiHint(key) } }, {}, other);
    expect((await verdict(claimed, byKey())).verdict).toBe('broken');
    const elsewhere = bundleOf({ publicKey: { hint: spkiHint(key) } }, {}, key, 'other bytes');
    expect((await verdict(elsewhere, byKey())).verdict).toBe('broken');
  });

  it.each([
    ['a digest of another kind', { algorithm: 'SHA2_512' }, 'untrusted'],
    ['half a digest', { digest: sha256.subarray(16).toString('base64') }, 'broken'],
    ['a statement beside it', { dsseEnvelope: {} }, 'broken'],
  ])('is refused with %s', async (_, more, wanted) => {
    expect((await verdict(bundleOf({ publicKey: {} }, more), byKey())).verdict).toBe(wanted);
  });

  it('says of two ways that do not accept it the one that it is made by', async () => {
    const root = issue('root', { ca: true });
    const leaf = issue('release', { ca: false, issuer: root, purposes: [CODE_SIGNING] });
    const rawBytes = leaf.certificate.der.toString('base64');
    const bundle = bundleOf({ x509CertificateChain: { certificates: [{ rawBytes }] } }, {}, leaf.key);
    const accept = (...identities: readonly string[]): Acceptance =>
      acceptance({ method: 'cosign-certificate', roots: [root.certificate], identities });
    expect((await verdict(bundle, byKey(), accept('subject:CN=release,O=acme'), byKey())).verdict).toBe('accepted');
    expect(await verdict(bundle, byKey(), accept('dns:somebody'), byKey())).toMatchObject({
      verdict: 'untrusted',
      refused: [{ reason: 'signed by subject:CN=release,O=acme' }],
    });
  });
});
