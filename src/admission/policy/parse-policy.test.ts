import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { SluiceError } from '../../base/index.js';
import { parsePolicy } from './parse-policy.js';
import { STRICT_POLICY, type Policy } from './policy.js';

const NOW = Date.parse('2027-01-01');
const read = (content: string): Promise<Policy> =>
  parsePolicy(content, { path: '/p.toml', folder: '/modules', nowMs: NOW });
const refusal = (content: string): Promise<string> =>
  read(content).then(
    () => 'it was taken',
    (error: unknown) => (error as SluiceError).message,
  );

it('what is not said is strict', async () => {
  expect(await read('')).toEqual(STRICT_POLICY);
});

it('says what it says', async () => {
  const policy = await read(`
    name = "house"
    refs = ["hf:*"]
    [formats]
    allow = ["safetensors"]
    [scan]
    refuse = "never"
    not-scanned = "warn"
    [[rule]]
    id = "CVE-2027-1"
    imports = ["os.*"]
    why = "because"
    [signature]
    policy = "trust.toml"
    from = ["email:release@acme.example"]
    [licence]
    allow = ["permissive", "Apache-2.0"]
    commercial = true
    [size]
    file = "50GB"
    [age]
    least = "3d"
    [[waiver]]
    rule = "AGE"
    ref = "hf:acme/*"
    owner = "ann"
    reason = "ours"
    until = 2027-03-31
    [[hook]]
    module = "own.wasm"
    sha256 = "${'a'.repeat(64)}"
  `);
  expect(policy).toMatchObject({
    name: 'house',
    formats: { allow: ['safetensors'] },
    scan: { refuse: undefined, notScanned: 'warn', error: 'refuse' },
    rules: [{ id: 'CVE-2027-1', severity: 'high' }],
    signature: { required: true, policy: '/modules/trust.toml', from: ['email:release@acme.example'] },
    licence: { unknown: 'refuse', contradiction: 'warn', commercial: true },
    size: { fileBytes: 50e9 },
    age: { leastMs: 3 * 86_400_000 },
    hooks: [{ module: '/modules/own.wasm', memoryPages: 256 }],
  });
  expect(policy.waivers[0]?.untilMs).toBe(Date.parse('2027-03-31T23:59:59.999Z'));
});

it.each([
  ['nonsense = 1', /nonsense .*there is no such field/],
  ['[scan]\nrefuze = "high"', /scan\.refuze .*did you mean refuse/],
  ['[scan]\nreview = "perhaps"', /scan\.review .*write one of/],
  ['[scan]\nreview = true', /scan\.review/],
  ['scan = 1', /scan .*write \[scan\]/],
  ['[formats]\nallow = "gguf"', /formats\.allow .*write a list/],
  ['[licence]\nallow = ["MIT OR"]', /licence\.allow .*MIT OR is neither/],
  ['[signature]\nrequired = false\nfrom = ["x"]', /signature\.required/],
  ['[signature]\nrequired = true', /signature\.policy .*it is missing/],
  ['[signature]\npolicy = 1', /signature\.policy/],
  ['[signature]\npolicy = "t"\nfrom = ["ann"]', /signature\.from .*ann: write email/],
  ['[signature]\npolicy = "t"\nfrom = ["sha256:1"]', /signature\.from/],
  ['[size]\nfile = "big"', /size\.file/],
  ['[age]\nleast = "soon"', /age\.least/],
  ['[[waiver]]\nrule = "AGE"', /waiver\[0\]\.digest/],
  ['[[waiver]]\nrule = "all"\nref = "*"', /waiver\[0\]\.rule/],
  ['[[waiver]]\nrule = "AGE"\nref = "*"\nuntil = 2027-02-01\nowner = "a"', /waiver\[0\]\.reason .*it is missing/],
  ['[[waiver]]\nrule = "AGE"\nref = "*"\nuntil = 2029-02-01\nowner = "a"\nreason = "b"', /a year at most/],
  ['[[waiver]]\nrule = "AGE"\nref = "*"\nuntil = "later"\nowner = "a"\nreason = "b"', /write a day/],
  ['[[rule]]\nid = "X-1"\nwhy = "y"', /rule\[0\]\.imports/],
  ['[[hook]]\nmodule = "a"\nsha256 = "b"', /hook\[0\]\.sha256/],
  ['= broken', /admission\.policy/],
])('%j is refused by its field', async (content, reason) => {
  expect(await refusal(content)).toMatch(reason);
});

it('takes any text as a policy or as a wrong setting', async () => {
  const word = fc.constantFrom(
    '[scan]',
    '[[waiver]]',
    'refuse = ',
    '"high"',
    'name',
    '=',
    '\n',
    '[licence]',
    'allow',
    '["MIT"]',
    '1',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string(),
        fc.array(word).map((words) => words.join('')),
      ),
      async (content) => {
        const code = await read(content).then(
          () => 'BAD_SETTING',
          (thrown: unknown) => (thrown as SluiceError).code,
        );
        expect(code).toBe('BAD_SETTING');
      },
    ),
    { numRuns: 300 },
  );
});
