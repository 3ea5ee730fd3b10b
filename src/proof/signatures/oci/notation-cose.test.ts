import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeCbor } from '../../testing/cbor.js';
import { CODE_SIGNING, DAY_MS, issue, newKey, NOW_MS, type Issued } from '../../testing/pki.js';
import { acceptance, ruleOf } from '../../testing/trust.js';
import { notationCandidate } from '../../trust/candidates.js';
import { judge } from '../../trust/judge.js';
import { CborTag, type Cbor } from '../cbor.js';

const IMAGE = { sha256: 'ab'.repeat(32), sizeBytes: 1234 };
const OTHER = { sha256: 'cd'.repeat(32), sizeBytes: 1234 };
const SCHEME = 'io.cncf.notary.signingScheme';
const EXPIRY = 'io.cncf.notary.expiry';
const root = issue('root', { ca: true });
const certified = (name: string, key = newKey()): Issued =>
  issue(name, { ca: false, key, issuer: root, purposes: [CODE_SIGNING] });
const leaf = certified('release');

type Header = readonly (readonly [number | string, Cbor])[];

function envelope(more: Header = [], image = IMAGE, by = leaf): Buffer {
  const header = encodeCbor(
    new Map<number | string, Cbor>([
      [1, -7],
      [2, [SCHEME]],
      [3, 'application/vnd.cncf.notary.payload.v1+json'],
      [SCHEME, 'notary.x509'],
      ...more,
    ]),
  );
  const target = { mediaType: 'x', digest: `sha256:${image.sha256}`, size: image.sizeBytes };
  const payload = Buffer.from(JSON.stringify({ targetArtifact: target }));
  const signed = encodeCbor(['Signature1', header, Buffer.of(), payload]);
  const signature =
    by.key.asymmetricKeyType === 'rsa'
      ? sign('sha256', signed, { key: by.key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 })
      : sign('sha256', signed, { key: by.key, dsaEncoding: 'ieee-p1363' });
  const chain = [by, root].map(({ certificate }) => certificate.der);
  return encodeCbor(new CborTag(18, [header, new Map([[33, chain]]), payload, signature]));
}

async function verdict(bytes: Buffer, level: 'strict' | 'permissive' = 'strict'): Promise<string> {
  const accept = acceptance({
    ...{ method: 'notation', roots: [root.certificate], profile: 'notation' },
    identities: ['subject:CN=release,O=acme'],
  });
  return (await judge(ruleOf([accept], { level }), [notationCandidate('x', bytes, IMAGE, NOW_MS)], NOW_MS)).verdict;
}

describe('a signature of Notation as COSE', () => {
  it('is of this image, by whom the policy names', async () => {
    expect(await verdict(envelope())).toBe('accepted');
    const rsa = certified('release', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
    expect(await verdict(envelope([[1, -37]], IMAGE, rsa))).toBe('accepted');
    expect(await verdict(envelope([], OTHER))).toBe('broken');
    expect(await verdict(envelope([], IMAGE, certified('other')))).toBe('untrusted');
  });

  it.each<[string, Header, string]>([
    ['an algorithm of no keys', [[1, -8]], 'untrusted'],
    ['an algorithm of another key', [[1, -35]], 'broken'],
    [
      'an unknown critical header',
      [
        [2, [SCHEME, 'x']],
        ['x', 1],
      ],
      'untrusted',
    ],
    ['a scheme that nothing makes critical', [[2, []]], 'broken'],
    ['another scheme', [[SCHEME, 'notary.x509.signingAuthority']], 'untrusted'],
    ['another payload', [[3, 'text/plain']], 'broken'],
    [
      'a time that is none',
      [
        [2, [SCHEME, EXPIRY]],
        [EXPIRY, 'tomorrow'],
      ],
      'broken',
    ],
  ])('is refused with %s', async (_, more, wanted) => {
    expect(await verdict(envelope(more))).toBe(wanted);
  });

  it('expires when it says so, which permissive rules only tell', async () => {
    const at = Math.floor((NOW_MS - DAY_MS) / 1000);
    const expired = envelope([
      [2, [SCHEME, EXPIRY]],
      [EXPIRY, new CborTag(1, at)],
    ]);
    expect(await verdict(expired)).toBe('untrusted');
    expect(await verdict(expired, 'permissive')).toBe('accepted');
  });

  it('is refused with any byte of what was signed changed', async () => {
    const bytes = envelope();
    const start = bytes.indexOf('notary.x509');
    for (const at of [start, bytes.indexOf('targetArtifact'), bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(await verdict(changed)).not.toBe('accepted');
    }
    expect(await verdict(Buffer.concat([bytes, Buffer.of(0)]))).toBe('broken');
  });
});
