import { describe, expect, it } from 'vitest';
import { CODE_SIGNING, issue, newKey, NOW_MS, type Issued, type IssueOptions } from '../testing/pki.js';
import { validatePath } from './path.js';
import { PROFILES } from './profile.js';

const ID = 'spiffe://acme.io/release';
const SERVER = '1.3.6.1.5.5.7.3.1';
const CLIENT = '1.3.6.1.5.5.7.3.2';
const root = issue('root', { ca: true, uris: ['spiffe://acme.io'] });
const middle = issue('middle', { ca: true, issuer: root, uris: ['spiffe://acme.io'] });
const svid = (more: IssueOptions = {}, issuer = middle): Issued =>
  issue('workload', { ca: false, issuer, uris: [ID], purposes: [SERVER, CLIENT], ...more });
const purposeless = (more: IssueOptions = {}): Issued =>
  issue('workload', { ca: false, issuer: middle, uris: [ID], ...more });

function lengthOf(leaf: Issued, others: readonly Issued[] = [middle]): number {
  const { certificates } = validatePath({
    ...{ leaf: leaf.certificate, others: others.map(({ certificate }) => certificate), roots: [root.certificate] },
    ...{ atMs: NOW_MS, nowMs: NOW_MS, profile: PROFILES.spiffe, lists: [], expiry: 'enforce', revocation: 'skip' },
  });
  return certificates.length;
}

describe('an X.509-SVID', () => {
  it.each<readonly [string, IssueOptions]>([
    ['for servers and clients', {}],
    ['with names of other kinds beside its identity', { emails: ['release@acme.io'] }],
    ['with a further purpose', { purposes: [CLIENT, SERVER, CODE_SIGNING] }],
    ['without basic constraints', { ca: undefined }],
    ['that may agree on keys too', { usage: 0b10101000 }],
    ['with a key on P-384', { key: newKey('P-384') }],
  ])('is one %s', (_, more) => {
    expect(lengthOf(svid(more))).toBe(3);
  });

  it('need not name a purpose', () => {
    expect(lengthOf(purposeless())).toBe(3);
  });

  it.each<readonly [string, IssueOptions, RegExp]>([
    ['no URI', { uris: [], emails: ['release@acme.io'] }, /not an X\.509-SVID/],
    ['two SPIFFE IDs', { uris: [ID, 'spiffe://acme.io/other'] }, /not an X\.509-SVID/],
    ['the same SPIFFE ID twice', { uris: [ID, ID] }, /not an X\.509-SVID/],
    ['a second URI of another scheme', { uris: [ID, 'https://acme.io/x'] }, /not an X\.509-SVID/],
    ['a URI of another scheme', { uris: ['https://acme.io/release'] }, /not an X\.509-SVID/],
    ['the ID of a trust domain', { uris: ['spiffe://acme.io'] }, /not an X\.509-SVID/],
    ['an ID that is not canonical', { uris: ['spiffe://acme.io/a/../release'] }, /not an X\.509-SVID/],
    ['CA:TRUE', { ca: true, usage: 0b10000000 }, /authority/],
    ['the right to sign certificates', { usage: 0b10000100 }, /authority/],
    ['the right to sign revocation lists', { usage: 0b10000010 }, /authority/],
    ['no key usage', { usage: undefined }, /not for signing/],
    ['a key usage without signing', { usage: 0b00101000 }, /not for signing/],
    ['a key usage that is not critical', { usageIsCritical: false }, /not for signing/],
    ['the purpose of servers alone', { purposes: [SERVER] }, /servers and clients/],
    ['the purpose of clients alone', { purposes: [CLIENT] }, /servers and clients/],
    ['the purpose of code signing alone', { purposes: [CODE_SIGNING] }, /servers and clients/],
  ])('is none with %s', (_, more, reason) => {
    expect(() => lengthOf(svid(more))).toThrow(reason);
  });

  it('cannot be issued by the certificate of a workload, whatever else that says', () => {
    const workload = issue('workload', { ca: true, issuer: root, uris: [ID] });
    expect(() => lengthOf(svid({}, workload), [workload])).toThrow(/no authority/);
    const another = issue('another', { ca: true, issuer: root, uris: ['spiffe://b.acme.io'] });
    expect(lengthOf(svid({}, another), [another])).toBe(3);
    expect(lengthOf(svid({}, root), [])).toBe(2);
  });

  it('keeps within the path length of its authorities', () => {
    const last = issue('last', { ca: true, issuer: root, pathLength: 0 });
    expect(lengthOf(svid({}, last), [last])).toBe(3);
    const below = issue('below', { ca: true, issuer: last });
    expect(() => lengthOf(svid({}, below), [below, last])).toThrow(/allows 0/);
  });
});
