import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  CODE_SIGNING,
  DAY_MS,
  der,
  extension,
  issue,
  newKey,
  NOW_MS,
  revocationList,
  seq,
  text,
  type Issued,
  type IssueOptions,
} from '../testing/pki.js';
import { validatePath, type PathRequest } from './path.js';
import { PROFILES } from './profile.js';
import { parseRevocationList } from './revocation.js';

const root = issue('root', { ca: true });
const middle = issue('middle', { ca: true, issuer: root });
const LEAF: IssueOptions = { ca: false, issuer: middle, purposes: [CODE_SIGNING], emails: ['release@acme.io'] };
const leafBelow = (issuer: Issued, more: IssueOptions = {}): Issued => issue('leaf', { ...LEAF, issuer, ...more });
const constrained = (kind: number, tag: number, base: string): Buffer =>
  extension('2.5.29.30', seq(der(kind, seq(text(tag, base)))), true);

function validate(
  leaf: Issued,
  others: readonly Issued[] = [middle],
  more: Partial<PathRequest> = {},
): readonly string[] {
  const path = validatePath({
    leaf: leaf.certificate,
    others: others.map(({ certificate }) => certificate),
    roots: [root.certificate],
    ...{
      atMs: NOW_MS,
      nowMs: NOW_MS,
      profile: PROFILES['code-signing'],
      lists: [],
      expiry: 'enforce',
      revocation: 'skip',
    },
    ...more,
  });
  return path.certificates.map(({ subjectText }) => subjectText);
}

describe('a path to a chosen root', () => {
  it('is found, in whatever order the certificates came and with the root among them or not', () => {
    const names = ['CN=leaf,O=acme', 'CN=middle,O=acme', 'CN=root,O=acme'];
    expect(validate(leafBelow(middle))).toEqual(names);
    expect(validate(leafBelow(middle), [root, issue('other', { ca: true }), middle])).toEqual(names);
  });

  it('goes by RSA with PKCS #1, P-384 and P-521 too', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    for (const key of [privateKey, newKey('P-384'), newKey('P-521')]) {
      const authority = issue('authority', { ca: true, key, issuer: root });
      expect(validate(leafBelow(authority), [authority])).toHaveLength(3);
    }
  });

  it('takes a signer that calls itself an authority and may certify nobody, where the rule is that of the reference implementation', () => {
    const signer = (usage: number | undefined): Issued =>
      issue('signer', { ca: true, usage, issuer: middle, purposes: [CODE_SIGNING] });
    const compatible = { profile: PROFILES.compatible };
    expect(validate(signer(0b10000000), [middle], compatible)).toHaveLength(3);
    expect(() => validate(signer(0b10000000))).toThrow(/authority/);
    for (const usage of [0b10000100, undefined])
      expect(() => validate(signer(usage), [middle], compatible)).toThrow(/authority/);
  });

  it('takes the name constraints that the leaf keeps', () => {
    const authority = issue('limited', { ca: true, issuer: root, more: [constrained(0xa0, 0x81, 'acme.io')] });
    expect(validate(leafBelow(authority), [authority])).toHaveLength(3);
  });

  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  const strange = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;
  const below = (options: IssueOptions): readonly [Issued, readonly Issued[]] => {
    const authority = issue('authority', { ca: true, issuer: root, ...options });
    return [leafBelow(authority), [authority]];
  };
  const deep = (length: number): readonly [Issued, readonly Issued[]] => {
    const chain = [root];
    for (let depth = 0; depth < length; depth += 1)
      chain.push(issue(`authority ${depth}`, { ca: true, issuer: chain.at(-1)! }));
    return [leafBelow(chain.at(-1)!), chain.slice(1)];
  };
  const loop = (): readonly [Issued, readonly Issued[]] => {
    const keys = [newKey(), newKey()] as const;
    const a = issue('a', { ca: true, key: keys[0] });
    const b = issue('b', { ca: true, key: keys[1], issuer: a });
    return [leafBelow(b), [b, issue('a', { ca: true, key: keys[0], issuer: b })]];
  };
  const policyConstraints = extension('2.5.29.36', seq(der(0x80, Buffer.of(0))), true);

  const BAD: readonly (readonly [string, () => readonly [Issued, readonly Issued[]], RegExp])[] = [
    ['an expired leaf', () => [leafBelow(middle, { notAfterMs: NOW_MS - DAY_MS }), [middle]], /expired/],
    ['a leaf of the future', () => [leafBelow(middle, { notBeforeMs: NOW_MS + DAY_MS }), [middle]], /not valid before/],
    ['an expired authority', () => below({ notAfterMs: NOW_MS - DAY_MS }), /expired/],
    ['an authority of the future', () => below({ notBeforeMs: NOW_MS + DAY_MS }), /not valid before/],
    ['an intermediate with CA:FALSE', () => below({ ca: false, usage: 0b110 }), /not an authority/],
    ['an intermediate without basic constraints', () => below({ ca: undefined, usage: 0b110 }), /not an authority/],
    ['an intermediate of version 1', () => below({ version: 1 }), /not an authority/],
    ['an intermediate that may not sign certificates', () => below({ usage: 0b10000000 }), /may not sign/],
    [
      'a path length that is passed',
      () => {
        const first = issue('first', { ca: true, issuer: root, pathLength: 0 });
        const second = issue('second', { ca: true, issuer: first });
        return [leafBelow(second), [first, second]];
      },
      /allows 0/,
    ],
    ['a mailbox outside of the permitted', () => below({ more: [constrained(0xa0, 0x81, 'other.io')] }), /may certify/],
    ['a mailbox that is excluded', () => below({ more: [constrained(0xa1, 0x81, 'acme.io')] }), /may certify/],
    [
      'a subject outside of the permitted',
      () => below({ more: [extension('2.5.29.30', seq(der(0xa0, seq(der(0xa4, issue('x').name)))), true)] }),
      /may certify/,
    ],
    [
      'an unknown critical extension of the leaf',
      () => [leafBelow(middle, { more: [extension('1.2.3.4', seq(), true)] }), [middle]],
      /critical/,
    ],
    [
      'an unknown critical extension of an authority',
      () => below({ more: [extension('1.2.3.4', seq(), true)] }),
      /critical/,
    ],
    ['critical policy constraints', () => below({ more: [policyConstraints] }), /critical/],
    ['a leaf for servers', () => [leafBelow(middle, { purposes: ['1.3.6.1.5.5.7.3.1'] }), [middle]], /code signing/],
    ['a leaf without a purpose', () => [issue('leaf', { ca: false, issuer: middle }), [middle]], /code signing/],
    ['a leaf that may not sign', () => [leafBelow(middle, { usage: 0b00100000 }), [middle]], /code signing/],
    ['a leaf that is an authority', () => [leafBelow(middle, { ca: true, usage: 0b10000110 }), [middle]], /authority/],
    [
      'an authority for servers only',
      () => below({ purposes: ['1.3.6.1.5.5.7.3.1'] }),
      /no authority for this purpose/,
    ],
    ['a weak key of an authority', () => below({ key: weak }), /1024/],
    ['a weak key of the leaf', () => [leafBelow(middle, { key: weak }), [middle]], /1024/],
    ['a key on a curve nobody chose', () => [leafBelow(middle, { key: strange }), [middle]], /secp256k1/],
    [
      'a leaf that somebody else signed',
      () => [leafBelow(middle, { forger: newKey() }), [middle]],
      /was not signed by/,
    ],
    [
      'another root',
      () => {
        const stranger = issue('stranger', { ca: true });
        return [leafBelow(stranger), [stranger]];
      },
      /no path/,
    ],
    [
      'a root of the same name',
      () => {
        const impostor = issue('root', { ca: true });
        return [leafBelow(impostor), [impostor]];
      },
      /was not signed by/,
    ],
    ['a root that signed itself and nothing else', () => [root, []], /no path/],
    ['a missing intermediate', () => [leafBelow(middle), []], /no path/],
    ['authorities that certify each other', loop, /no path/],
    ['a path that is too long', () => deep(8), /no path/],
  ];

  it.each(BAD)('is refused: %s', (_, make, reason) => {
    const [leaf, others] = make();
    expect(() => validate(leaf, others)).toThrow(reason);
  });

  it('tells of expiry where it is only to be told', () => {
    const leaf = leafBelow(middle, { notAfterMs: NOW_MS - DAY_MS });
    expect(validate(leaf, [middle], { expiry: 'log' })).toHaveLength(3);
    expect(validate(leaf, [middle], { atMs: NOW_MS - 2 * DAY_MS })).toHaveLength(3);
  });
});

describe('revocation', () => {
  const leaf = leafBelow(middle);
  const { serial } = leaf.certificate;
  const lists = (...made: readonly Buffer[]): Partial<PathRequest> => ({
    lists: [revocationList(root, []), ...made].map(parseRevocationList),
    revocation: 'enforce',
  });

  it('is known to be none', () => {
    expect(validate(leaf, [middle], lists(revocationList(middle, [{ serial: '7f' }])))).toHaveLength(3);
  });

  it.each([
    ['a revoked leaf', () => lists(revocationList(middle, [{ serial }])), /revoked/],
    [
      'a key that was stolen later',
      () => lists(revocationList(middle, [{ serial, reason: 1, atMs: NOW_MS }])),
      /revoked/,
    ],
    ['no list', () => lists(), /nobody says/],
    ['a list out of date', () => lists(revocationList(middle, [], { nextMs: NOW_MS - 1 })), /nobody says/],
    ['a list of the future', () => lists(revocationList(middle, [], { thisMs: NOW_MS + 1000 })), /nobody says/],
    [
      'a list by somebody else of that name',
      () => lists(revocationList(issue('middle', { ca: true }), [])),
      /nobody says/,
    ],
  ] as const)('refuses %s', (_, more, reason) => {
    expect(() => validate(leaf, [middle], more())).toThrow(reason);
  });

  it('leaves earlier signatures good when a certificate was only replaced', () => {
    const replaced = lists(revocationList(middle, [{ serial, reason: 4, atMs: NOW_MS - DAY_MS }]));
    expect(validate(leaf, [middle], { ...replaced, atMs: NOW_MS - 2 * DAY_MS })).toHaveLength(3);
    expect(() => validate(leaf, [middle], replaced)).toThrow(/revoked/);
  });
});
