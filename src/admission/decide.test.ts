import { describe, expect, it } from 'vitest';
import { MOST_FINDINGS, type Severity, type Verdict } from '../scan/index.js';
import { decideFile, decideRevision } from './decide.js';
import { DEFAULT_POLICY, STRICT_POLICY, type Policy } from './policy/policy.js';
import { named } from './policy/read-policy.js';
import { refusalOf } from './refusal.js';
import type { FileEvidence, KeptScan, RevisionFacts, SignatureEvidence } from './port.js';

const NOW = Date.parse('2027-06-01');
const SHA = 'a'.repeat(64);

function scanOf(
  verdict: Verdict,
  findings: readonly (readonly [string, Severity])[] = [],
  formats = ['pickle'],
): KeptScan {
  return {
    name: 'f',
    formats,
    verdict,
    findings: findings.map(([rule, severity]) => ({ rule, severity, evidence: 'seen', members: [] })),
    coverage: { sizeBytes: 10, attributedBytes: 10, unattributed: [] },
    inventory: { imports: ['os.system', 'torch.FloatStorage'], calls: [], templates: ['{{ evil }}'], hooks: [] },
    members: [],
    rulesDigest: 'r',
  };
}

const fileOf = (scan: KeptScan, parts: Partial<FileEvidence> = {}): FileEvidence => ({
  path: 'f',
  sizeBytes: 10,
  sha256: SHA,
  scan,
  hooks: [],
  ...parts,
});

const decide = (file: FileEvidence, policy: Policy, allow: readonly string[] = []) =>
  decideFile(file, 'hf:acme/tiny', { policy: named(policy), allow, nowMs: NOW });

const HIGH = scanOf('FINDINGS', [['PKL-IMPORT-DENY', 'high']]);

describe('by default', () => {
  it.each<[Verdict, readonly (readonly [string, Severity])[], string, number]>([
    ['CLEAN', [], 'admitted', 0],
    ['REVIEW', [['CFG-REMOTE-CODE', 'medium']], 'admitted', 2],
    ['NOT_SCANNED', [], 'admitted', 1],
    ['ERROR', [['ST-LENGTH', 'low']], 'admitted', 1],
    ['FINDINGS', [['PKL-IMPORT-DENY', 'high']], 'refused', 1],
    // What is broken behind it makes a danger none the smaller.
    ['ERROR', [['PKL-IMPORT-DENY', 'critical']], 'refused', 2],
  ])('%s with %j is %s', (verdict, findings, expected, reasons) => {
    const decision = decide(fileOf(scanOf(verdict, findings)), DEFAULT_POLICY);
    expect([decision.verdict, decision.reasons.length]).toEqual([expected, reasons]);
  });

  it('the user may let one rule pass, or all of the scanner', () => {
    expect(decide(fileOf(HIGH), DEFAULT_POLICY, ['PKL-IMPORT-DENY']).verdict).toBe('admitted');
    expect(decide(fileOf(HIGH), DEFAULT_POLICY, ['all']).verdict).toBe('admitted');
    expect(decide(fileOf(HIGH), DEFAULT_POLICY, ['PKL-TRAILING']).verdict).toBe('refused');
    // However many there are, and never by that another one.
    const many = Array.from({ length: 150 }, () => ['PKL-IMPORT-DENY', 'high'] as const);
    const letting = (...findings: (readonly [string, Severity])[]): string =>
      decide(fileOf(scanOf('FINDINGS', findings)), DEFAULT_POLICY, ['PKL-IMPORT-DENY']).verdict;
    expect(letting(...many)).toBe('admitted');
    expect(letting(...many, ['PKL-CALL', 'high'])).toBe('refused');
    const below = { ...STRICT_POLICY, scan: { ...STRICT_POLICY.scan, refuse: 'high', below: 'refuse' } } as const;
    const asking = many.map(([rule]) => [rule, 'medium'] as const);
    const more = [...asking.slice(0, 10), ['PKL-CALL', 'medium'] as const];
    expect(decide(fileOf(scanOf('REVIEW', more)), below, ['PKL-IMPORT-DENY', 'REVIEW']).verdict).toBe('refused');
    // What was let go of may have been another.
    expect(letting(...many, ...many)).toBe('refused');
    expect(letting(...many, ...many.map(([rule]) => [rule, 'low'] as const))).toBe('admitted');
    const small = { ...DEFAULT_POLICY, size: { fileBytes: 1, revisionBytes: undefined } };
    expect(decide(fileOf(HIGH), small, ['all']).reasons.filter(({ verdict }) => verdict === 'refuse')).toMatchObject([
      { rule: 'SIZE-FILE' },
    ]);
  });
});

describe('a policy of one’s own', () => {
  it('lets only what is clean pass', () => {
    for (const verdict of ['REVIEW', 'NOT_SCANNED', 'ERROR'] as const)
      expect(decide(fileOf(scanOf(verdict)), STRICT_POLICY).verdict).toBe('refused');
    expect(decide(fileOf(scanOf('CLEAN')), STRICT_POLICY).verdict).toBe('admitted');
  });

  it('names formats, and bytes of none are not among them', () => {
    const policy = { ...STRICT_POLICY, formats: { allow: ['safetensors'], deny: [] } };
    expect(decide(fileOf(scanOf('CLEAN', [], ['safetensors'])), policy).verdict).toBe('admitted');
    expect(decide(fileOf(scanOf('CLEAN', [], ['safetensors', 'zip'])), policy).verdict).toBe('refused');
    expect(decide(fileOf(scanOf('CLEAN', [], [])), policy).verdict).toBe('refused');
    const denying = { ...STRICT_POLICY, formats: { allow: undefined, deny: ['pickle'] } };
    expect(decide(fileOf(scanOf('CLEAN')), denying).verdict).toBe('refused');
  });

  it('has rules of its own over what files name', () => {
    const rule = {
      id: 'OWN-1',
      severity: 'high',
      imports: ['os.*'],
      calls: [],
      hooks: [],
      templates: [],
      why: 'w',
    } as const;
    expect(decide(fileOf(scanOf('CLEAN')), { ...STRICT_POLICY, rules: [rule] }).reasons[0]?.rule).toBe('OWN-1');
    const other = { ...rule, imports: ['sys.*'], templates: ['evil'] };
    expect(decide(fileOf(scanOf('CLEAN')), { ...STRICT_POLICY, rules: [other] }).verdict).toBe('refused');
    const neither = { ...other, templates: ['good'] };
    expect(decide(fileOf(scanOf('CLEAN')), { ...STRICT_POLICY, rules: [neither] }).verdict).toBe('admitted');
  });

  it('ignores what asks a person, never what was not read or is broken', () => {
    const ignoring = (verdict: Verdict, ...findings: (readonly [string, Severity])[]) => {
      const policy = { ...STRICT_POLICY, scan: { ...STRICT_POLICY.scan, ignore: ['CFG-REMOTE-CODE'] } };
      return decide(fileOf(scanOf(verdict, findings)), policy).verdict;
    };
    const ignored = ['CFG-REMOTE-CODE', 'medium'] as const;
    expect(ignoring('REVIEW', ignored)).toBe('admitted');
    expect(ignoring('REVIEW', ignored, ['PKL-TRAILING', 'low'])).toBe('admitted');
    expect(ignoring('REVIEW', ignored, ['PKL-TRAILING', 'medium'])).toBe('refused');
    // Of what is only told, nothing is what the verdict stands for.
    expect(ignoring('REVIEW', ['CFG-REMOTE-CODE', 'low'])).toBe('refused');
    expect(ignoring('REVIEW', ...Array.from({ length: MOST_FINDINGS }, () => ignored))).toBe('refused');
    const bad = Array.from({ length: 250 }, () => ['CFG-REMOTE-CODE', 'critical'] as const);
    expect(ignoring('FINDINGS', ...bad.slice(0, 150))).toBe('admitted');
    expect(ignoring('FINDINGS', ...bad)).toBe('refused');
    expect(ignoring('NOT_SCANNED', ignored)).toBe('refused');
    expect(ignoring('ERROR', ignored)).toBe('refused');
  });

  it('waives what it says for whom it says until when it says', () => {
    const waiver = { rule: 'PKL-IMPORT-DENY', digest: SHA, ref: 'hf:acme/*', owner: 'ann', reason: 'r', untilMs: NOW };
    const policy = (parts: Partial<typeof waiver>): Policy => ({
      ...DEFAULT_POLICY,
      waivers: [{ ...waiver, ...parts }],
    });
    expect(decide(fileOf(HIGH), policy({}))).toMatchObject({
      verdict: 'admitted',
      reasons: [{ verdict: 'waived', waiver: { owner: 'ann', untilMs: NOW } }],
    });
    for (const parts of [
      { untilMs: NOW - 1 },
      { digest: 'b'.repeat(64) },
      { ref: 'hf:other/*' },
      { rule: 'PKL-TRAILING' },
    ])
      expect(decide(fileOf(HIGH), policy(parts)).verdict).toBe('refused');
  });

  it('refuses what a module of the user’s does not pass', () => {
    const hook = { hook: 'own', moduleSha256: SHA, reasons: [], isRepeatable: true };
    for (const verdict of ['fail', 'review', 'error'] as const)
      expect(decide(fileOf(scanOf('CLEAN'), { hooks: [{ ...hook, verdict }] }), DEFAULT_POLICY).verdict).toBe(
        'refused',
      );
    expect(decide(fileOf(scanOf('CLEAN'), { hooks: [{ ...hook, verdict: 'pass' }] }), DEFAULT_POLICY).verdict).toBe(
      'admitted',
    );
  });
});

describe('a revision', () => {
  const FACTS: RevisionFacts = {
    ref: 'hf:acme/tiny',
    commit: 'c',
    licence: { declared: 'mit', recognised: undefined },
    baseModels: [],
    sizeBytes: 100,
    firstSeenMs: NOW - 86_400_000,
    signatures: [],
  };
  const whole = (
    facts: Partial<RevisionFacts>,
    policy: Partial<Policy>,
    digests: readonly (string | undefined)[] = [SHA],
  ) =>
    decideRevision({ ...FACTS, ...facts }, digests, {
      policy: named({ ...STRICT_POLICY, ...policy }),
      allow: [],
      nowMs: NOW,
    }).verdict;
  const ann = (parts: Partial<SignatureEvidence>): SignatureEvidence => ({
    method: 'key',
    identities: ['ann'],
    covers: new Set([SHA]),
    ...parts,
  });

  it('waits until it is old enough here', () => {
    expect(whole({}, { age: { leastMs: 86_400_000 } })).toBe('admitted');
    expect(whole({}, { age: { leastMs: 86_400_001 } })).toBe('refused');
  });

  it('that does not tell its size is too large', () => {
    const size = { fileBytes: undefined, revisionBytes: 100 };
    expect(whole({}, { size })).toBe('admitted');
    expect(whole({ sizeBytes: 101 }, { size })).toBe('refused');
    expect(whole({ sizeBytes: undefined }, { size })).toBe('refused');
  });

  it('is signed by whom the policy names, every file of it', () => {
    const signature = { required: true, policy: '/trust.toml', from: ['ann'] };
    expect(whole({ signatures: [ann({})] }, { signature })).toBe('admitted');
    expect(whole({ signatures: [] }, { signature })).toBe('refused');
    expect(whole({ signatures: [ann({ identities: ['bob'] })] }, { signature })).toBe('refused');
    expect(whole({ signatures: [ann({ covers: new Set() })] }, { signature })).toBe('refused');
    expect(whole({ signatures: [ann({})] }, { signature }, [SHA, undefined])).toBe('refused');
    expect(whole({ signatures: [ann({ identities: [] })] }, { signature: { ...signature, from: [] } })).toBe('refused');
  });

  it('whose signature is of other bytes is refused, whoever excuses what', () => {
    const signature = { required: true, policy: '/trust.toml', from: [] };
    const until = { owner: 'ann', reason: 'known', untilMs: NOW + 1, digest: undefined, ref: '*' };
    const waivers = ['SIGNATURE', 'SIGNATURE-WRONG'].map((rule) => ({ ...until, rule }));
    const policy = named({ ...STRICT_POLICY, signature, waivers });
    const deciding = { policy, allow: ['all', 'SIGNATURE', 'SIGNATURE-WRONG'], nowMs: NOW };
    expect(decideRevision({ ...FACTS, signatures: [] }, [SHA], deciding).verdict).toBe('admitted');
    for (const signatures of [[], [ann({})]]) {
      const decision = decideRevision({ ...FACTS, signatures, wrongBecause: 'f has other bytes' }, [SHA], deciding);
      expect(decision.verdict).toBe('refused');
      const { code, exitCode, details } = refusalOf(decision, 'hf:acme/tiny');
      expect([code, exitCode, details]).toMatchObject(['BAD_SIGNATURE', 5, { reason: 'f has other bytes' }]);
    }
  });

  it('has a licence that the policy knows', () => {
    const licence = { ...STRICT_POLICY.licence, allow: ['permissive'], unknown: 'refuse' } as const;
    expect(whole({}, { licence })).toBe('admitted');
    expect(whole({ licence: { declared: undefined, recognised: undefined } }, { licence })).toBe('refused');
    expect(whole({ licence: { declared: 'gpl-3.0', recognised: undefined } }, { licence })).toBe('refused');
  });
});
