import { createPublicKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ocspResponse } from '../testing/ocsp.js';
import { issue, newKey, NOW_MS } from '../testing/pki.js';
import { certificatePem, Instance } from '../testing/sigstore.js';
import { acceptance, ruleOf } from '../testing/trust.js';
import { untrusted } from '../signature-fault.js';
import { judge, type Candidate } from './judge.js';
import { ruleFor } from './policy.js';
import { parseTrustPolicy } from './read-policy.js';
import { parseTrustedRoot } from './trusted-root.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-policy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const key = newKey();
const authority = issue('root', { ca: true });
writeFileSync(join(folder, 'k.pub'), createPublicKey(key).export({ format: 'pem', type: 'spki' }));
writeFileSync(join(folder, 'k.key'), key.export({ format: 'pem', type: 'pkcs8' }));
writeFileSync(join(folder, 'ca.pem'), certificatePem(authority));

const path = join(folder, 'policy.toml');
const rule = (accept: string, head = 'scopes = ["*"]'): string =>
  `version = 1\n[[rule]]\nname = "r"\n${head}\n[[rule.accept]]\n${accept}\n`;
const BY_CERTIFICATE = 'method = "oms-certificate"\nroots = ["ca.pem"]\nidentities = ["email:a@b.c"]\n';
const BY_KEY = 'method = "oms-key"\nkeys = ["k.pub"]';

describe('a trust policy', () => {
  it('is read with its keys, relative to its folder', async () => {
    const policy = await parseTrustPolicy(rule(BY_KEY), path);
    expect(policy.rules).toMatchObject([{ name: 'r', level: 'strict', minimum: 1, unverifiedFiles: 'refuse' }]);
    expect(policy.rules[0]?.accept[0]?.keys).toHaveLength(1);
    expect(policy.files).toMatchObject([
      { path: join(folder, 'k.pub'), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    ]);
  });

  it('enforces revocation as soon as it names whom to ask about it', async () => {
    const revocation = async (more: string) => {
      const policy = await parseTrustPolicy(rule(BY_CERTIFICATE + more), path);
      return policy.rules[0]?.accept[0]?.revocation;
    };
    writeFileSync(join(folder, 'r.der'), ocspResponse([{ of: issue('leaf', { issuer: authority }), by: authority }]));
    expect(await revocation('')).toBe('skip');
    expect(await revocation('ocsp-responses = ["r.der"]')).toBe('enforce');
    expect(await revocation('ocsp = "ask"\nocsp-responder = "http://ocsp.acme.io/"')).toBe('enforce');
    expect(await revocation('ocsp = "ask"\nrevocation = "log"')).toBe('log');
  });

  it('gives a subject the rule of its exact scope, else of the longest, else that of all', async () => {
    const one = (name: string, scope: string): string =>
      `[[rule]]\nname = "${name}"\nscopes = ["${scope}"]\nlevel = "skip"\n`;
    const site = one('site', 'http://files.example/models/*');
    const scopes = [one('all', '*'), one('org', 'hf:acme/*'), one('model', 'hf:acme/x'), site].join('');
    const policy = await parseTrustPolicy(`version = 1\n${scopes}`, path);
    const [here, elsewhere] = ['http://files.example/models/a.bin', 'http://files.example.evil/models/a.bin'];
    const names = ['hf:acme/x', 'hf:acme/y', 'hf:acme-evil/x', 'HF:acme/x', here, elsewhere].map(
      (subject) => ruleFor(policy, subject)?.name,
    );
    expect(names).toEqual(['model', 'org', 'all', 'all', 'site', 'all']);
    expect(ruleFor(await parseTrustPolicy(`version = 1\n${one('org', 'hf:acme/*')}`, path), 'hf:b/x')).toBeUndefined();
  });

  const BAD: readonly (readonly [string, string, RegExp])[] = [
    ['no TOML', 'version = 1\nrule = ', /line 2/],
    ['no version', '[[rule]]', /version/],
    ['another version', 'version = 2', /version/],
    ['no rules', 'version = 1', /rule/],
    ['an unknown field', `${rule(BY_KEY)}more = 1`, /rule\[0\]\.accept\[0\]\.more/],
    ['an unknown level', rule(BY_KEY, 'scopes = ["*"]\nlevel = "lax"'), /rule\[0\]\.level/],
    ['no scope', rule(BY_KEY, 'scopes = []'), /rule\[0\]\.scopes/],
    ['a pattern in the middle', rule(BY_KEY, 'scopes = ["hf:*/x"]'), /scopes/],
    ['a scope twice', rule(BY_KEY) + rule(BY_KEY).replace('version = 1\n', ''), /another rule/],
    ['a rule that accepts nobody', 'version = 1\n[[rule]]\nname = "r"\nscopes = ["*"]', /accepts nobody/],
    ['a key that is not there', rule('method = "oms-key"\nkeys = ["none.pub"]'), /keys has none\.pub/],
    ['a private key', rule('method = "oms-key"\nkeys = ["k.key"]'), /private key/],
    ['no key', rule('method = "oms-key"'), /accept\[0\]\.keys/],
    ['no roots', rule('method = "oms-certificate"\nidentities = ["email:a@b.c"]'), /no roots by default/],
    ['no identity', rule('method = "oms-certificate"\nroots = ["ca.pem"]'), /who may sign/],
    ['an identity of no kind', rule('method = "notation"\nroots = ["ca.pem"]\nidentities = ["a@b.c"]'), /identities/],
    [
      'keyless without logs',
      rule('method = "cosign-keyless"\nroots = ["ca.pem"]\nidentities = ["email:a@b.c"]\nissuer = "x"'),
      /logs/,
    ],
    [
      'SPIFFE IDs of two domains',
      rule(
        'method = "oms-certificate"\nprofile = "spiffe"\nroots = ["ca.pem"]\nidentities = ["uri:spiffe://a/x", "uri:spiffe://b/x"]',
      ),
      /one trust domain/,
    ],
    ['a responder that nobody asks', rule(`${BY_CERTIFICATE}ocsp-responder = "http://x/"`), /ocsp = "ask"/],
    ['a responder that is no address', rule(`${BY_CERTIFICATE}ocsp = "ask"\nocsp-responder = "x:1"`), /ocsp-responder/],
    ['responses that are none', rule(`${BY_CERTIFICATE}ocsp-responses = ["ca.pem"]`), /ocsp-responses has ca\.pem/],
    ['an unknown way of asking', rule(`${BY_CERTIFICATE}ocsp = "staple"`), /ocsp must be one of/],
    ['a minimum of nothing', rule(BY_KEY, 'scopes = ["*"]\nminimum = 0'), /minimum/],
  ];
  it.each(BAD)('is refused with %s, naming the place', async (_, text, reason) => {
    const refused = parseTrustPolicy(text, path);
    await expect(refused).rejects.toThrow(reason);
    await expect(refused).rejects.toMatchObject({ code: 'BAD_TRUST_POLICY', exitCode: 2 });
  });

  it('reads the trusted root of a Sigstore instance', () => {
    const instance = new Instance();
    const keyOf = (made: typeof instance.log) => ({
      publicKey: { rawBytes: createPublicKey(made).export({ format: 'der', type: 'spki' }).toString('base64') },
    });
    const text = JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [keyOf(instance.log)],
      ctlogs: [keyOf(instance.certificateLog)],
      certificateAuthorities: [
        { certChain: { certificates: [{ rawBytes: instance.root.certificate.der.toString('base64') }] } },
      ],
    });
    const { roots, logKeys, certificateLogKeys, timestampRoots } = parseTrustedRoot(Buffer.from(text));
    expect([roots, logKeys, certificateLogKeys, timestampRoots].map(({ length }) => length)).toEqual([1, 1, 1, 0]);
  });
});

describe('judging', () => {
  const signedBy = (identity: string, more: Partial<Candidate> = {}): Candidate => ({
    ...{ kind: 'oms', source: identity },
    signerFor: async () => ({ kind: 'key', identity, fingerprint: identity, algorithm: 'p256', warnings: [] }),
    checkContent: async () => ({ covers: [], unverified: [] }),
    ...more,
  });
  const accept = [acceptance({ method: 'oms-key', keys: [createPublicKey(key)] })];

  it('counts different signers, not signatures', async () => {
    const two = ruleOf(accept, { minimum: 2 });
    expect((await judge(two, [signedBy('a'), signedBy('a')], NOW_MS)).verdict).toBe('untrusted');
    expect((await judge(two, [signedBy('a'), signedBy('b')], NOW_MS)).verdict).toBe('accepted');
  });

  it('knows no signature, one of another kind, and nothing to check', async () => {
    expect((await judge(ruleOf(accept), [], NOW_MS)).verdict).toBe('unsigned');
    expect((await judge(ruleOf(accept), [signedBy('a', { kind: 'notation' })], NOW_MS)).verdict).toBe('untrusted');
    expect((await judge(ruleOf([], { level: 'skip' }), [], NOW_MS)).verdict).toBe('skipped');
  });

  it('lets audit pass an unknown signer and tells of it', async () => {
    const stranger = signedBy('a', { signerFor: async () => Promise.reject(untrusted('a stranger')) });
    const found = await judge(ruleOf(accept, { level: 'audit' }), [stranger], NOW_MS);
    expect(found).toMatchObject({ verdict: 'accepted', warnings: [expect.stringContaining('a stranger')] });
    expect((await judge(ruleOf(accept), [stranger], NOW_MS)).verdict).toBe('untrusted');
  });
});
