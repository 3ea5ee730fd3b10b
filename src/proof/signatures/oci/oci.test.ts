import { constants, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CODE_SIGNING, DAY_MS, issue, newKey, NOW_MS, sha256, type Issued } from '../../testing/pki.js';
import { certificatePem, Instance, spki } from '../../testing/sigstore.js';
import type { EntryJson } from '../../testing/json.js';
import { acceptance, ruleOf } from '../../testing/trust.js';
import { cosignBundleCandidate, cosignTagCandidate, notationCandidate } from '../../trust/candidates.js';
import { judge, type Judgement } from '../../trust/judge.js';
import type { Level } from '../../trust/policy.js';

const IMAGE = { sha256: 'ab'.repeat(32), sizeBytes: 1234 };
const OTHER = { sha256: 'cd'.repeat(32), sizeBytes: 1234 };
const URI = 'https://github.com/acme/models/.github/workflows/release.yml@refs/heads/main';

describe('a keyless bundle of cosign', () => {
  const instance = new Instance();
  const statement = (image = IMAGE): unknown => ({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ digest: { sha256: image.sha256 } }],
    predicateType: 'https://sigstore.dev/cosign/sign/v1',
    predicate: {},
  });
  const accept = (more = {}) =>
    acceptance({
      method: 'cosign-keyless',
      roots: [instance.root.certificate],
      logKeys: [createPublicKey(instance.log)],
      certificateLogKeys: [createPublicKey(instance.certificateLog)],
      identities: [`uri:${URI}`],
      issuer: 'https://issuer.example',
      ...more,
    });
  const verdict = (bundle: unknown, image = IMAGE, more = {}): Promise<Judgement> =>
    judge(ruleOf([accept(more)]), [cosignBundleCandidate('x', Buffer.from(JSON.stringify(bundle)), image)], NOW_MS);

  it('is accepted long after its certificate expired, since the log says when it was made', async () => {
    const found = await verdict(instance.bundle(instance.signer(URI), statement()));
    expect(found).toMatchObject({
      verdict: 'accepted',
      accepted: [{ signer: { identity: `uri:${URI}`, timeFrom: 'log' } }],
    });
  });

  it('is of the image that it names, and of no other', async () => {
    expect(await verdict(instance.bundle(instance.signer(URI), statement()), OTHER)).toMatchObject({
      verdict: 'broken',
    });
  });

  it.each([
    ['another identity', { identities: ['uri:https://github.com/acme/models'] }],
    ['another issuer', { issuer: 'https://issuer.example.evil' }],
    ['another log', { logKeys: [createPublicKey(newKey())] }],
    ['another log of certificates', { certificateLogKeys: [createPublicKey(newKey())] }],
    ['another authority', { roots: [issue('fulcio', { ca: true }).certificate] }],
  ])('is not trusted where the policy names %s', async (_, more) => {
    expect(await verdict(instance.bundle(instance.signer(URI), statement()), IMAGE, more)).toMatchObject({
      verdict: 'untrusted',
    });
  });

  it('is not trusted when its certificate was shown to no log', async () => {
    const signer = instance.signer(URI, 'https://issuer.example', { isLogged: false });
    expect(await verdict(instance.bundle(signer, statement()))).toMatchObject({ verdict: 'untrusted' });
  });

  it('needs an entry in the log, of this very signature', async () => {
    const signer = instance.signer(URI);
    const bundle = instance.bundle(signer, statement());
    const without = { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, tlogEntries: [] } };
    expect(await verdict(without)).toMatchObject({ verdict: 'untrusted' });
    const others = instance.bundle(signer, statement(OTHER)).verificationMaterial;
    expect(await verdict({ ...bundle, verificationMaterial: others })).toMatchObject({
      verdict: 'broken',
      refused: [{ reason: expect.stringContaining('of other content') as unknown }],
    });
    const again = instance.bundle(instance.signer(URI), statement()).verificationMaterial.tlogEntries;
    const swapped = { ...bundle.verificationMaterial, tlogEntries: again };
    expect(await verdict({ ...bundle, verificationMaterial: swapped })).toMatchObject({ verdict: 'broken' });
  });

  it('is refused with any part of the entry changed', async () => {
    const bundle = instance.bundle(instance.signer(URI), statement());
    const changed = async (change: (entry: EntryJson) => unknown): Promise<string> => {
      const copy = structuredClone(bundle);
      change(copy.verificationMaterial.tlogEntries[0]!);
      return (await verdict(copy)).verdict;
    };
    expect(await changed(() => undefined)).toBe('accepted');
    expect(await changed((entry) => (entry.integratedTime = String(NOW_MS / 1000 - 3400)))).toBe('untrusted');
    expect(await changed((entry) => (entry.inclusionProof.treeSize = '3'))).toBe('broken');
    expect(await changed((entry) => (entry.inclusionProof.hashes = []))).toBe('broken');
    expect(await changed((entry) => delete entry.inclusionPromise)).toBe('untrusted');
  });
});

describe('a signature under cosign’s tag', () => {
  const key = newKey();
  const payload = (image = IMAGE, type = 'cosign container image signature'): Buffer =>
    Buffer.from(
      JSON.stringify({
        critical: {
          identity: { 'docker-reference': 'r/x' },
          image: { 'docker-manifest-digest': `sha256:${image.sha256}` },
          type,
        },
        optional: null,
      }),
    );
  const verdict = async (bytes: Buffer, by = key): Promise<string> => {
    const annotations = new Map([['dev.cosignproject.cosign/signature', sign('sha256', bytes, by).toString('base64')]]);
    const rule = ruleOf([acceptance({ method: 'cosign-key', keys: [createPublicKey(key)] })]);
    return (await judge(rule, [cosignTagCandidate('x', bytes, annotations, IMAGE)], NOW_MS)).verdict;
  };

  it('is of this image, by this key', async () => {
    expect(await verdict(payload())).toBe('accepted');
    expect(await verdict(payload(OTHER))).toBe('broken');
    expect(await verdict(payload(IMAGE, 'something else'))).toBe('broken');
    expect(await verdict(payload(), newKey())).toBe('untrusted');
  });

  it('is by a certificate, also where cosign left the chain empty because the policy has all of it', async () => {
    const authority = issue('root', { ca: true });
    const leaf = issue('release', { ca: false, issuer: authority, purposes: [CODE_SIGNING] });
    const annotations = new Map([
      ['dev.cosignproject.cosign/signature', sign('sha256', payload(), leaf.key).toString('base64')],
      ['dev.sigstore.cosign/certificate', certificatePem(leaf)],
      ['dev.sigstore.cosign/chain', ''],
    ]);
    const accept = acceptance({
      ...{ method: 'cosign-certificate', roots: [authority.certificate] },
      identities: ['subject:CN=release,O=acme'],
    });
    const candidate = cosignTagCandidate('x', payload(), annotations, IMAGE);
    expect(await judge(ruleOf([accept]), [candidate], NOW_MS)).toMatchObject({ verdict: 'accepted' });
  });

  it('is proven keyless by the promise of the log', async () => {
    const instance = new Instance();
    const signer = instance.signer(URI);
    const bytes = payload();
    const signature = sign('sha256', bytes, signer.key).toString('base64');
    const body = Buffer.from(
      JSON.stringify({
        ...{ apiVersion: '0.0.1', kind: 'hashedrekord' },
        spec: {
          data: { hash: { algorithm: 'sha256', value: sha256(bytes).toString('hex') } },
          signature: {
            content: signature,
            publicKey: { content: Buffer.from(certificatePem(signer)).toString('base64') },
          },
        },
      }),
    );
    const entry = instance.entry(body);
    const annotations = new Map([
      ['dev.cosignproject.cosign/signature', signature],
      ['dev.sigstore.cosign/certificate', certificatePem(signer)],
      ['dev.sigstore.cosign/chain', certificatePem(instance.root)],
      [
        'dev.sigstore.cosign/bundle',
        JSON.stringify({
          SignedEntryTimestamp: entry.inclusionPromise?.signedEntryTimestamp,
          Payload: {
            ...{ body: body.toString('base64'), integratedTime: Number(entry.integratedTime), logIndex: 1 },
            logID: sha256(spki(instance.log)).toString('hex'),
          },
        }),
      ],
    ]);
    const accept = acceptance({
      ...{ method: 'cosign-keyless', roots: [instance.root.certificate], identities: [`uri:${URI}`] },
      logKeys: [createPublicKey(instance.log)],
      certificateLogKeys: [createPublicKey(instance.certificateLog)],
      issuer: 'https://issuer.example',
    });
    const found = await judge(ruleOf([accept]), [cosignTagCandidate('x', bytes, annotations, IMAGE)], NOW_MS);
    expect(found).toMatchObject({ verdict: 'accepted' });
  });
});

describe('a signature of Notation', () => {
  const root = issue('root', { ca: true });
  const certificates = (key = newKey()): Issued =>
    issue('release', { ca: false, key, issuer: root, purposes: [CODE_SIGNING] });
  const leaf = certificates();
  const scheme = 'io.cncf.notary.signingScheme';
  const expiry = 'io.cncf.notary.expiry';
  const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  function envelope(header: Record<string, unknown> = {}, image = IMAGE, by = leaf): Buffer {
    const protectedText = b64({
      ...{ alg: 'ES256', cty: 'application/vnd.cncf.notary.payload.v1+json', crit: [scheme] },
      ...{ [scheme]: 'notary.x509', 'io.cncf.notary.signingTime': '2026-05-31T00:00:00Z' },
      ...header,
    });
    const payload = b64({
      targetArtifact: { mediaType: 'x', digest: `sha256:${image.sha256}`, size: image.sizeBytes },
    });
    const signed = Buffer.from(`${protectedText}.${payload}`);
    const signature =
      by.key.asymmetricKeyType === 'rsa'
        ? sign('sha256', signed, { key: by.key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 })
        : sign('sha256', signed, { key: by.key, dsaEncoding: 'ieee-p1363' });
    const x5c = [by, root].map(({ certificate }) => certificate.der.toString('base64'));
    return Buffer.from(
      JSON.stringify({
        payload,
        protected: protectedText,
        header: { x5c },
        signature: signature.toString('base64url'),
      }),
    );
  }

  const verdict = async (bytes: Buffer, level: Level = 'strict'): Promise<string> => {
    const accept = acceptance({
      ...{
        method: 'notation',
        roots: [root.certificate],
        identities: ['subject:CN=release,O=acme'],
        profile: 'notation',
      },
    });
    return (await judge(ruleOf([accept], { level }), [notationCandidate('x', bytes, IMAGE, NOW_MS)], NOW_MS)).verdict;
  };

  it('is of this image, by whom the policy names', async () => {
    expect(await verdict(envelope())).toBe('accepted');
    expect(
      await verdict(
        envelope({ alg: 'PS256' }, IMAGE, certificates(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)),
      ),
    ).toBe('accepted');
    expect(await verdict(envelope({}, OTHER))).toBe('broken');
    expect(
      await verdict(envelope({}, IMAGE, issue('other', { ca: false, issuer: root, purposes: [CODE_SIGNING] }))),
    ).toBe('untrusted');
  });

  it.each([
    ['an algorithm of no keys', { alg: 'none' }, 'untrusted'],
    ['an algorithm of another key', { alg: 'ES384' }, 'broken'],
    ['an unknown critical header', { crit: [scheme, 'x'], x: 1 }, 'untrusted'],
    ['a scheme that nothing makes critical', { crit: [] }, 'broken'],
    ['another scheme', { [scheme]: 'notary.x509.signingAuthority' }, 'untrusted'],
    ['another payload', { cty: 'text/plain' }, 'broken'],
  ] as const)('is refused with %s', async (_, header, wanted) => {
    expect(await verdict(envelope(header))).toBe(wanted);
  });

  it('expires when it says so, which permissive rules only tell', async () => {
    const expired = envelope({ crit: [scheme, expiry], [expiry]: new Date(NOW_MS - DAY_MS).toISOString() });
    expect(await verdict(expired)).toBe('untrusted');
    expect(await verdict(expired, 'permissive')).toBe('accepted');
  });
});
