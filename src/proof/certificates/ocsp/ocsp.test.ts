import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SignatureFault } from '../../signature-fault.js';
import {
  NO_CHECK,
  OCSP_SIGNING,
  ocspRefusal,
  ocspResponse,
  type ResponseOptions,
  type Said,
} from '../../testing/ocsp.js';
import {
  DAY_MS,
  der,
  extension,
  issue,
  newKey,
  NOW_MS,
  octets,
  revocationList,
  seq,
  type Issued,
  type IssueOptions,
} from '../../testing/pki.js';
import { parseRevocationList, type RevocationList } from '../revocation.js';
import { revocationOf } from '../revocation-state.js';
import { parseOcspResponse, readOcspResponses } from './response.js';

const root = issue('root', { ca: true });
const leaf = issue('leaf', { ca: false, issuer: root });
const said = (more: Partial<Said> = {}): readonly Said[] => [{ of: leaf, by: root, ...more }];
const DELEGATE: IssueOptions = { ca: false, issuer: root, purposes: [OCSP_SIGNING], more: [NO_CHECK] };
const by = (responder: Issued, more: ResponseOptions = {}): ResponseOptions => ({
  responder,
  certificates: [responder],
  ...more,
});

interface Asked {
  readonly lists?: readonly RevocationList[];
  readonly atMs?: number;
}

/** The state of the leaf by these responses: `good`, or why not. */
function state(responses: readonly Buffer[], { lists = [], atMs = NOW_MS }: Asked = {}): string {
  const evidence = { lists, responses: responses.map(parseOcspResponse) };
  const found = revocationOf(leaf.certificate, root.certificate, evidence, { atMs, nowMs: NOW_MS });
  return found.is === 'good' ? 'good' : `${found.is}: ${found.reason}`;
}

describe('an OCSP response', () => {
  it.each([
    ['by the authority under its name', ocspResponse(said())],
    ['by the authority under its key', ocspResponse(said(), { named: 'key' })],
    ['that names the issuer by SHA-256', ocspResponse(said({ hash: 'sha256' }))],
    ['by whom the authority named for it', ocspResponse(said(), by(issue('responder', DELEGATE)))],
    ['by the key of such a one', ocspResponse(said(), by(issue('responder', DELEGATE), { named: 'key' }))],
    ['about several', ocspResponse([...said({ of: issue('x', { issuer: root }), status: 'unknown' }), ...said()])],
    ['with extensions that may be left unread', ocspResponse(said({ extensions: [extension('1.2.3', seq())] }))],
  ])('%s is believed', (_, response) => {
    expect(state([response])).toBe('good');
  });

  const nobody = /unknown: nobody says whether it is revoked \(the answer is by nobody who may answer for CN=root/;
  const twin = issue('root', { ca: true });
  const middle = issue('middle', { ca: true, issuer: root });
  const DOUBTS: readonly (readonly [string, () => Buffer, RegExp])[] = [
    ['does not know the certificate', () => ocspResponse(said({ status: 'unknown' })), /unknown: .*does not know it/],
    ['is out of date', () => ocspResponse(said({ nextMs: NOW_MS - 1000 })), /unknown: .*out of date/],
    ['is of the future', () => ocspResponse(said({ thisMs: NOW_MS + 3_600_000 })), /unknown: .*of the future/],
    ['does not say how long it holds', () => ocspResponse(said({ nextMs: null })), /unknown: .*how long it holds/],
    [
      'is about another serial number',
      () => ocspResponse(said({ of: middle })),
      /^unknown: nobody says whether it is revoked$/,
    ],
    [
      'is about an authority of that name',
      () => ocspResponse(said({ by: twin })),
      /^unknown: nobody says whether it is revoked$/,
    ],
    ['is signed by another key', () => ocspResponse(said(), { key: newKey() }), nobody],
    ['is by an authority of that name', () => ocspResponse(said(), { key: twin.key, certificates: [twin] }), nobody],
    [
      'is by a certificate without the purpose',
      () => ocspResponse(said(), by(issue('responder', { ...DELEGATE, purposes: ['1.3.6.1.5.5.7.3.3'] }))),
      nobody,
    ],
    [
      'is by a certificate for any purpose',
      () => ocspResponse(said(), by(issue('responder', { ...DELEGATE, purposes: ['2.5.29.37.0'] }))),
      nobody,
    ],
    [
      'is by the responder of another authority',
      () => ocspResponse(said(), by(issue('responder', { ...DELEGATE, issuer: middle }))),
      nobody,
    ],
    [
      'is by the responder of a namesake of its key',
      () =>
        ocspResponse(
          said(),
          by(issue('responder', { ...DELEGATE, issuer: issue('other', { ca: true, key: root.key }) })),
        ),
      nobody,
    ],
    [
      'is by a responder that somebody else issued',
      () => ocspResponse(said(), by(issue('responder', { ...DELEGATE, forger: newKey() }))),
      nobody,
    ],
    [
      'is by a responder that may not sign',
      () => ocspResponse(said(), by(issue('responder', { ...DELEGATE, usage: 0b00100000 }))),
      nobody,
    ],
    [
      'is by a responder that has expired',
      () => ocspResponse(said(), by(issue('responder', { ...DELEGATE, notAfterMs: NOW_MS - DAY_MS }))),
      nobody,
    ],
    [
      'is by a responder with a critical extension',
      () =>
        ocspResponse(
          said(),
          by(issue('responder', { ...DELEGATE, more: [NO_CHECK, extension('1.2.3', seq(), true)] })),
        ),
      nobody,
    ],
    [
      'is by a responder that did not come along',
      () => ocspResponse(said(), { responder: issue('responder', DELEGATE) }),
      nobody,
    ],
    [
      'is by a responder that could be revoked',
      () => ocspResponse(said(), by(issue('responder', { ...DELEGATE, more: [] }))),
      /unknown: .*whether its responder is revoked/,
    ],
    [
      'says that it is revoked',
      () => ocspResponse(said({ status: { atMs: NOW_MS - DAY_MS } })),
      /^revoked: revoked 2026-05-31/,
    ],
  ];
  it.each(DOUBTS)('that %s is not good', (_, make, expected) => {
    expect(state([make()])).toMatch(expected);
  });

  it('by a responder that a list says is good is believed, and not one that it takes back', () => {
    const responder = issue('responder', { ...DELEGATE, more: [] });
    const list = (...serials: readonly string[]): readonly RevocationList[] =>
      [
        revocationList(
          root,
          serials.map((serial) => ({ serial })),
        ),
      ].map(parseRevocationList);
    const response = ocspResponse(said({ status: { atMs: NOW_MS - DAY_MS } }), by(responder));
    expect(state([response], { lists: list() })).toMatch(/^revoked/);
    // The list itself says that the leaf is good.
    expect(state([response], { lists: list(responder.certificate.serial) })).toBe('good');
  });

  it('is enough to take a certificate back, whatever else is said', () => {
    const taken = ocspResponse(said({ status: { atMs: NOW_MS - DAY_MS, reason: 1 } }));
    const good = ocspResponse(said());
    expect(state([good, taken])).toMatch(/^revoked/);
    expect(state([taken, good])).toMatch(/^revoked/);
    expect(state([taken], { lists: [parseRevocationList(revocationList(root, []))] })).toMatch(/^revoked/);
    expect(
      state([good], { lists: [parseRevocationList(revocationList(root, [{ serial: leaf.certificate.serial }]))] }),
    ).toMatch(/^revoked/);
  });

  it('leaves earlier signatures good when a certificate was only replaced', () => {
    const replaced = ocspResponse(said({ status: { atMs: NOW_MS - DAY_MS, reason: 4 } }));
    expect(state([replaced])).toMatch(/^revoked/);
    expect(state([replaced], { atMs: NOW_MS - 2 * DAY_MS })).toBe('good');
    const stolen = ocspResponse(said({ status: { atMs: NOW_MS - DAY_MS, reason: 1 } }));
    expect(state([stolen], { atMs: NOW_MS - 2 * DAY_MS })).toMatch(/^revoked/);
  });

  it.each([
    ['a refusal', () => ocspRefusal(3), /tryLater/],
    ['a critical extension', () => ocspResponse(said({ extensions: [extension('1.2.3', seq(), true)] })), /critical/],
    [
      'a critical extension of the whole',
      () => ocspResponse(said(), { extensions: [extension('1.2.3', seq(), true)] }),
      /critical/,
    ],
    [
      'another kind',
      () => seq(der(0x0a, Buffer.of(0)), der(0xa0, seq(der(0x06, Buffer.of(42, 3)), octets(seq())))),
      /another kind/,
    ],
    ['too many bytes', () => seq(octets(Buffer.alloc(70_000))), /bytes/],
  ] as const)('is refused with %s', (_, make, reason) => {
    expect(() => parseOcspResponse(make())).toThrow(reason);
  });

  it('is read out of PEM as well, and a file without any is refused', () => {
    const pem = `-----BEGIN OCSP RESPONSE-----\n${ocspResponse(said()).toString('base64')}\n-----END OCSP RESPONSE-----\n`;
    expect(readOcspResponses(Buffer.from(pem + pem))).toHaveLength(2);
    expect(() => readOcspResponses(Buffer.from('no'))).toThrow(SignatureFault);
  });

  it('of any bytes is read or refused, and what was changed is not good', () => {
    const sample = ocspResponse(
      said({ nextMs: NOW_MS + DAY_MS }),
      by(issue('responder', DELEGATE), { nonce: Buffer.alloc(32, 1) }),
    );
    expect(state([sample])).toBe('good');
    fc.assert(
      fc.property(fc.nat(sample.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, flip, isCut) => {
        const spoilt = isCut ? sample.subarray(0, at) : Buffer.from(sample);
        if (!isCut) spoilt.writeUInt8((sample[at] ?? 0) ^ flip, at);
        let found: string;
        try {
          found = state([spoilt]);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SignatureFault);
          return;
        }
        expect(found).not.toBe('good');
      }),
      { numRuns: 400 },
    );
  });
});
