import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Grants, type TokenGrant, type XorbGrant } from './grants.js';

const clock = { ms: 1_000_000 };
const grants = new Grants(Buffer.alloc(32, 1), 60_000, () => clock.ms);
const others = new Grants(Buffer.alloc(32, 2), 60_000, () => clock.ms);

const XORB: XorbGrant = {
  kind: 'dataset',
  id: 'acme/rows',
  commit: 'c'.repeat(40),
  path: 'a folder/ünï #1 & 2=3.bin',
  index: 7,
  handle: 'h',
  issuedMs: 1_000_000,
};
const TOKEN: TokenGrant = {
  kind: 'model',
  id: 'acme/x',
  commit: 'c'.repeat(40),
  caller: { token: 'hf_secret' },
  issuedMs: 1_000_000,
  expiresMs: 1_060_000,
};

test('an address says what it is for, to its own server and for a while', () => {
  const query = new URLSearchParams(grants.sign(XORB));
  expect(grants.check(query)).toEqual({ grant: XORB });
  expect(others.check(query)).toBe('unknown');
  clock.ms += 60_000;
  expect(grants.check(query)).toBe('expired');
  clock.ms -= 60_000;
});

test('an address of which anything is changed is nobody’s', () => {
  const text = grants.sign(XORB);
  fc.assert(
    fc.property(
      fc.nat(text.length - 1),
      fc.constantFrom('a', 'b', 'z', '0', '1', '9', '&', '=', '%', '+'),
      (at, char) => {
        fc.pre(text[at] !== char);
        const changed = new URLSearchParams(text.slice(0, at) + char + text.slice(at + 1));
        fc.pre(changed.toString() !== new URLSearchParams(text).toString());
        const verdict = grants.check(changed);
        // A name that nobody reads may change.
        if (typeof verdict === 'object') expect(verdict.grant).toEqual(XORB);
        else expect(verdict).toBe('unknown');
      },
    ),
  );
  fc.assert(fc.property(fc.webQueryParameters(), (query) => grants.check(new URLSearchParams(query)) === 'unknown'));
});

test('a token is opened by its own server, for a while, and tells nobody else anything', () => {
  const token = grants.seal(TOKEN);
  expect(grants.open(token)).toEqual({ grant: TOKEN });
  expect(others.open(token)).toBe('unknown');
  expect(Buffer.from(token, 'base64url').toString('latin1')).not.toContain('hf_secret');
  clock.ms += 60_000;
  expect(grants.open(token)).toBe('expired');
  clock.ms -= 60_000;
});

test('a token of which a bit is changed, and any text, is nobody’s', () => {
  const bytes = Buffer.from(grants.seal(TOKEN), 'base64url');
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      expect(grants.open(changed.toString('base64url'))).toBe('unknown');
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => grants.open(text) === 'unknown'));
});
