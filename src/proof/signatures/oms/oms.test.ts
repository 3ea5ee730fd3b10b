import fc from 'fast-check';
import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SignatureFault } from '../../signature-fault.js';
import { CODE_SIGNING, issue, newKey, NOW_MS, type Curve } from '../../testing/pki.js';
import type { BundleJson, StatementJson } from '../../testing/json.js';
import { acceptance, ruleOf } from '../../testing/trust.js';
import { omsCandidate } from '../../trust/candidates.js';
import { judge, type Judgement } from '../../trust/judge.js';
import type { TrustRule } from '../../trust/policy.js';
import { parseBundle } from '../bundle.js';
import { preAuthEncoding } from '../dsse.js';
import { createModelCheck } from './create-check.js';
import { listModelFiles } from './model-files.js';
import { signModel, type OmsSigning } from './sign-model.js';
import { parseStatement, rootOf } from './statement.js';

const scratch = mkdtempSync(join(tmpdir(), 'sluice-oms-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const signal = new AbortController().signal;
const key = newKey('P-384');
const FILES = { 'a.txt': 'hello', 'deep/b.bin': 'world', 'deep/c: odd.bin': 'odd', '\ufb01 \u{1f600}': 'late' };

function model(files: Readonly<Record<string, string>> = FILES): string {
  const root = mkdtempSync(join(scratch, 'm-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}

async function signed(root: string, more: Partial<OmsSigning> = {}): Promise<Buffer> {
  const { bundle } = await signModel({
    ...{ modelName: 'm', files: await listModelFiles(root), key, certificates: [], method: 'files', hash: 'sha256' },
    ...{ shardBytes: 0, ignorePaths: [], signal },
    ...more,
  });
  return Buffer.from(bundle);
}

const byKey = (wanted: KeyObject = key): TrustRule =>
  ruleOf([acceptance({ method: 'oms-key', keys: [createPublicKey(wanted)] })]);

async function verdict(root: string, bundle: Buffer, rule = byKey()): Promise<Judgement> {
  return judge(
    rule,
    [omsCandidate('model.sig', bundle, createModelCheck(root, await listModelFiles(root), [], signal))],
    NOW_MS,
  );
}

/** The bundle with another statement, properly signed. */
function resigned(bundle: Buffer, change: (statement: StatementJson) => unknown, by = key, hash = 'sha384'): Buffer {
  const outer = JSON.parse(bundle.toString()) as BundleJson;
  const statement = JSON.parse(Buffer.from(outer.dsseEnvelope.payload, 'base64').toString()) as StatementJson;
  const changed = (change(statement) as StatementJson | undefined) ?? statement;
  const { resources } = changed.predicate;
  if (changed.keepRoot === undefined) changed.subject[0]!.digest.sha256 = rootOf(resources);
  const payload = Buffer.from(typeof changed.raw === 'string' ? changed.raw : JSON.stringify(changed));
  outer.dsseEnvelope.payload = payload.toString('base64');
  outer.dsseEnvelope.signatures[0]!.sig = sign(
    hash,
    preAuthEncoding(outer.dsseEnvelope.payloadType, payload),
    by,
  ).toString('base64');
  return Buffer.from(JSON.stringify(outer));
}

describe('a model signed by OMS', () => {
  it.each(['P-256', 'P-384', 'P-521'] satisfies Curve[])(
    'is proven by its key on %s, and by no other',
    async (curve) => {
      const root = model();
      const mine = newKey(curve);
      const bundle = await signed(root, { key: mine });
      expect(await verdict(root, bundle, byKey(mine))).toMatchObject({ verdict: 'accepted', unverified: [] });
      expect(await verdict(root, bundle, byKey(newKey(curve)))).toMatchObject({ verdict: 'untrusted' });
    },
  );

  it.each([
    { method: 'shards', shardBytes: 2, hash: 'sha256' },
    { method: 'shards', shardBytes: 5, hash: 'blake2b' },
    { method: 'files', hash: 'blake2b' },
  ] as const)('is proven by $method of $hash', async (how) => {
    const root = model();
    const bundle = await signed(root, how);
    expect(await verdict(root, bundle)).toMatchObject({ verdict: 'accepted' });
    writeFileSync(join(root, 'a.txt'), 'hellO');
    expect(await verdict(root, bundle)).toMatchObject({
      verdict: 'broken',
      refused: [{ reason: expect.stringContaining('a.txt') as unknown }],
    });
  });

  it('lists names by code point and is what the specification’s root says', async () => {
    const { envelope } = parseBundle(await signed(model()));
    const manifest = parseStatement(envelope.payload);
    expect(manifest.resources.map(({ name }) => name)).toEqual([
      'a.txt',
      'deep/b.bin',
      'deep/c: odd.bin',
      '\ufb01 \u{1f600}',
    ]);
    const spec = [
      { name: 'signme-1', digest: 'bc9a717db6064a32cbe9eae6fc40651dd6d36ef1757183f590eff2b1765d7ebc' },
      { name: 'signme-2', digest: '32dcb1f8e1ae52d5963e56a6ba06ab58b424c15ed2a6b70d2feca1d089370028' },
    ];
    expect(rootOf(spec)).toBe('92745110b1ab4368471cbe31664e10174e954b113a3df333db860317b2c6dec4');
  });

  it('has nothing to say of what git keeps, nor of what the verifier leaves out: both are told as unsigned', async () => {
    const root = model();
    const bundle = await signed(root);
    for (const name of ['.gitattributes', 'extra.txt']) writeFileSync(join(root, name), 'x');
    expect(await verdict(root, bundle)).toMatchObject({
      verdict: 'broken',
      refused: [{ reason: 'extra.txt is there and was not signed' }],
    });
    const check = { ...createModelCheck(root, await listModelFiles(root), [], signal), ignorePaths: ['extra.txt'] };
    const judged = (rule: TrustRule): Promise<Judgement> =>
      judge(rule, [omsCandidate('model.sig', bundle, check)], NOW_MS);
    expect(await judged(byKey())).toMatchObject({ verdict: 'untrusted' });
    expect(await judged({ ...byKey(), unverifiedFiles: 'warn' })).toMatchObject({
      verdict: 'accepted',
      unverified: ['.gitattributes', 'extra.txt'],
    });
  });

  it('of one file names it, or calls it "." as the reference implementation does; a folder is not one file', async () => {
    const path = join(model({ 'w.bin': 'weights' }), 'w.bin');
    const bundle = await signed(path);
    const nameless = resigned(bundle, ({ predicate: { resources } }) => void (resources[0]!.name = '.'));
    for (const each of [bundle, nameless]) expect(await verdict(path, each)).toMatchObject({ verdict: 'accepted' });
    expect(await verdict(dirname(path), nameless)).toMatchObject({ verdict: 'broken' });
    writeFileSync(path, 'others');
    expect(await verdict(path, nameless)).toMatchObject({
      verdict: 'broken',
      refused: [{ reason: '. has other bytes than were signed' }],
    });
  });

  it('tells which files it ignores, and is refused for them unless the rule only warns', async () => {
    const root = model({ ...FILES, '.git/config': 'x', notes: 'y' });
    const bundle = await signed(root, { ignorePaths: ['.git', 'notes'] });
    expect(await verdict(root, bundle)).toMatchObject({ verdict: 'untrusted' });
    const warned = await verdict(root, bundle, { ...byKey(), unverifiedFiles: 'warn' });
    expect(warned).toMatchObject({ verdict: 'accepted', unverified: ['.git/config', 'notes'] });
  });

  const CHANGES: readonly (readonly [string, (root: string) => void, RegExp])[] = [
    ['another byte', (root) => writeFileSync(join(root, 'a.txt'), 'hellp'), /other bytes/],
    ['a file more', (root) => writeFileSync(join(root, 'more'), ''), /not signed/],
    ['a file less', (root) => rmSync(join(root, 'a.txt')), /not there/],
    [
      'two files swapped',
      (root) => {
        writeFileSync(join(root, 'a.txt'), 'world');
        writeFileSync(join(root, 'deep/b.bin'), 'hello');
      },
      /other bytes/,
    ],
    [
      'a name in other case',
      (root) => {
        rmSync(join(root, 'a.txt'));
        writeFileSync(join(root, 'A.txt'), 'hello');
      },
      /not signed/,
    ],
    [
      'a link instead of a file',
      (root) => {
        rmSync(join(root, 'a.txt'));
        writeFileSync(join(root, 'deep/d'), 'hello');
        symlinkSync('deep/d', join(root, 'a.txt'));
      },
      /link|not signed/,
    ],
  ];
  it.each(CHANGES)('is not proven after %s', async (_, change, reason) => {
    const root = model();
    const bundle = await signed(root);
    change(root);
    expect(await verdict(root, bundle)).toMatchObject({
      verdict: 'broken',
      refused: [{ reason: expect.stringMatching(reason) as unknown }],
    });
  });

  it('refuses links that lead out of the folder', async () => {
    const root = model();
    symlinkSync(join(model(), 'a.txt'), join(root, 'out'));
    await expect(listModelFiles(root)).rejects.toThrow(/leads out/);
  });
});

describe('a statement that is signed and wrong', () => {
  const digest = 'a'.repeat(64);
  const WRONG: readonly (readonly [string, (statement: StatementJson) => unknown])[] = [
    ['a name twice', (s) => void s.predicate.resources.push(s.predicate.resources[0]!)],
    [
      'names that differ in case',
      (s) => void s.predicate.resources.push({ name: 'A.TXT', algorithm: 'sha256', digest }),
    ],
    ['a path that leads out', (s) => void (s.predicate.resources[0]!.name = '../a.txt')],
    ['an absolute path', (s) => void (s.predicate.resources[0]!.name = '/a.txt')],
    [
      'a file that is a folder too',
      (s) => void s.predicate.resources.push({ name: 'a.txt/b', algorithm: 'sha256', digest }),
    ],
    ['no files', (s) => void (s.predicate.resources = [])],
    ['another root', (s) => ({ ...s, keepRoot: true, subject: [{ name: 'm', digest: { sha256: digest } }] })],
    ['two subjects', (s) => void s.subject.push(s.subject[0]!)],
    ['another type', (s) => void (s._type = 'https://in-toto.io/Statement/v0.1')],
    ['the predicate of earlier versions', (s) => void (s.predicateType = 'https://model_signing/Digests/v0.1')],
    ['an unknown hash', (s) => void (s.predicate.serialization.hash_type = 'md5')],
    ['another algorithm for one file', (s) => void (s.predicate.resources[0]!.algorithm = 'blake2b')],
    ['a digest in capitals', (s) => void (s.predicate.resources[0]!.digest = digest.toUpperCase())],
    [
      'a name that JSON has twice',
      (s) => ({ ...s, raw: JSON.stringify(s).replace('"predicate":', '"_type":"x","predicate":') }),
    ],
  ];
  it.each(WRONG)('is refused: %s', async (_, change) => {
    const root = model();
    expect(await verdict(root, resigned(await signed(root), change))).toMatchObject({ verdict: 'broken' });
  });

  it('is refused for ignoring everything', async () => {
    const root = model();
    const bundle = resigned(await signed(root), (s) => void (s.predicate.serialization.ignore_paths = ['./']));
    expect(await verdict(root, bundle)).toMatchObject({ verdict: 'untrusted' });
  });

  it.each([
    ['a gap', 'a.txt:2:4', 'a.txt:3:4'],
    ['an overlap', 'a.txt:2:4', 'a.txt:1:4'],
    ['no range', 'a.txt:2:4', 'a.txt'],
  ])('is refused for shards with %s', async (_, from, to) => {
    const root = model();
    const bundle = resigned(await signed(root, { method: 'shards', shardBytes: 2 }), (s) => {
      s.predicate.resources.find((one) => one.name === from)!.name = to;
    });
    expect(await verdict(root, bundle)).toMatchObject({ verdict: 'broken' });
  });
});

describe('a bundle', () => {
  const WRONG: readonly (readonly [string, (bundle: BundleJson) => unknown])[] = [
    ['two signatures', (b) => b.dsseEnvelope.signatures.push(b.dsseEnvelope.signatures[0]!)],
    ['no signature', (b) => (b.dsseEnvelope.signatures = [])],
    ['base64 that is not canonical', (b) => (b.dsseEnvelope.payload = `${b.dsseEnvelope.payload}\n`)],
    ['another media type', (b) => (b.mediaType = 'application/json')],
    ['another payload type', (b) => (b.dsseEnvelope.payloadType = 'application/json')],
    ['two signers', (b) => (b.verificationMaterial.certificate = { rawBytes: '' })],
    ['a changed payload', (b) => (b.dsseEnvelope.payload = Buffer.from('{}').toString('base64'))],
  ];
  it.each(WRONG)('with %s is refused', async (_, change) => {
    const root = model();
    const bundle = JSON.parse((await signed(root)).toString()) as BundleJson;
    change(bundle);
    expect(await verdict(root, Buffer.from(JSON.stringify(bundle)))).toMatchObject({ verdict: 'broken' });
  });

  it('by P-384 with SHA-256 is refused: the key says which hash it is', async () => {
    const root = model();
    expect(
      await verdict(
        root,
        resigned(await signed(root), () => undefined, key, 'sha256'),
      ),
    ).toMatchObject({ verdict: 'broken' });
  });

  it('of any bytes is taken or refused, and nothing else', async () => {
    const bundle = await signed(model());
    fc.assert(
      fc.property(fc.nat(bundle.length - 1), fc.nat(255), fc.integer({ min: 1, max: 40 }), (at, byte, length) => {
        const spoilt = Buffer.from(bundle).fill(byte, at, Math.min(bundle.length, at + length));
        try {
          parseStatement(parseBundle(spoilt).envelope.payload);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SignatureFault);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a model signed by a certificate', () => {
  const root = issue('root', { ca: true });
  const middle = issue('middle', { ca: true, issuer: root });
  const leaf = issue('release', { ca: false, issuer: middle, purposes: [CODE_SIGNING], emails: ['release@acme.io'] });
  const rule = (identity: string): TrustRule =>
    ruleOf([acceptance({ method: 'oms-certificate', roots: [root.certificate], identities: [identity] })]);
  const certificates = [leaf.certificate, middle.certificate];

  it('is proven for the identity that is named, exactly', async () => {
    const folder = model();
    const bundle = await signed(folder, { key: leaf.key, certificates });
    const accepted = await verdict(folder, bundle, rule('email:release@acme.io'));
    expect(accepted).toMatchObject({
      verdict: 'accepted',
      accepted: [{ signer: { identity: 'email:release@acme.io' } }],
    });
    expect(await verdict(folder, bundle, rule('subject:CN=release,O=acme'))).toMatchObject({ verdict: 'accepted' });
    for (const other of ['email:Release@acme.io', 'email:release@acme.io.evil.io', 'email:.*', 'dns:acme.io'])
      expect(await verdict(folder, bundle, rule(other))).toMatchObject({ verdict: 'untrusted' });
    expect(await verdict(folder, bundle, byKey())).toMatchObject({ verdict: 'untrusted' });
  });

  it('has to be signed by the key of the certificate', async () => {
    const folder = model();
    await expect(signed(folder, { key: newKey(), certificates })).rejects.toThrow(/not that of the key/);
    const forged = resigned(await signed(folder, { key: leaf.key, certificates }), () => undefined, newKey(), 'sha256');
    expect(await verdict(folder, forged, rule('email:release@acme.io'))).toMatchObject({ verdict: 'broken' });
  });

  it('is not signed by keys that OMS does not know', async () => {
    await expect(signed(model(), { key: generateKeyPairSync('ed25519').privateKey })).rejects.toThrow(/P-256/);
  });
});
