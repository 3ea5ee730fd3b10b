import { createHash, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readAll, type DerValue } from '../certificates/der.js';
import { SignatureFault } from '../signature-fault.js';
import { answersAt, ocspRefusal, ocspResponse, type ResponseOptions, type Said } from '../testing/ocsp.js';
import { CODE_SIGNING, DAY_MS, issue, NOW_MS } from '../testing/pki.js';
import { acceptance, ruleOf } from '../testing/trust.js';
import { blobCandidate } from './candidates.js';
import { judge, type Judgement } from './judge.js';
import type { Acceptance } from './policy.js';
import { RevocationAnswers, type SendToResponder } from './revocation-answers.js';

const folder = mkdtempSync(join(tmpdir(), 'sluice-ocsp-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const model = join(folder, 'w.bin');
writeFileSync(model, 'weights');

const root = issue('root', { ca: true });
const middle = issue('middle', { ca: true, issuer: root, more: [answersAt('http://root.test/')] });
const SIGNER = { ca: false, issuer: middle, purposes: [CODE_SIGNING], emails: ['release@acme.io'] };
const leaf = issue('leaf', { ...SIGNER, more: [answersAt('http://middle.test/ocsp')] });
const silent = issue('silent', SIGNER);

function signed({ key, certificate } = leaf): Buffer {
  const chain = [certificate, middle.certificate].map(({ der }) => ({ rawBytes: der.toString('base64') }));
  const digest = createHash('sha256').update('weights').digest('base64');
  const signature = sign('sha256', Buffer.from('weights'), key).toString('base64');
  return Buffer.from(
    JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: { x509CertificateChain: { certificates: chain } },
      messageSignature: { messageDigest: { algorithm: 'SHA2_256', digest }, signature },
    }),
  );
}

const ASKING: Partial<Acceptance> = {
  roots: [root.certificate],
  identities: ['email:release@acme.io'],
  ocsp: 'ask',
  revocation: 'enforce',
};

async function judged(
  send: SendToResponder | RevocationAnswers | undefined,
  more: Partial<Acceptance> = {},
  by = leaf,
): Promise<Judgement> {
  const accept = acceptance({ method: 'cosign-certificate', ...ASKING, ...more });
  const check = (sha256: string) => Promise.resolve({ covers: [sha256], unverified: [] });
  const answers = typeof send === 'function' ? new RevocationAnswers(send) : send;
  return judge(ruleOf([accept]), [blobCandidate('x', signed(by), model, check)], NOW_MS, answers);
}

/** The last value of a request is what it has been given as nonce. */
const nonceOf = (request: Buffer): Buffer => {
  let value: DerValue | undefined;
  for (let inside = request; inside.length > 0;) {
    value = readAll(inside).at(-1);
    if (value === undefined || (value.tag === 4 && value.content.length === 32)) break;
    inside = value.content;
  }
  return value?.content ?? Buffer.of();
};

const ISSUERS = new Map([
  ['http://root.test/', { of: middle, by: root }],
  ['http://middle.test/ocsp', { of: leaf, by: middle }],
]);
/** Both responders; what they say can be told. */
const responders =
  (said: Partial<Said> = {}, options: (nonce: Buffer) => ResponseOptions = (nonce) => ({ nonce })): SendToResponder =>
  async (url, request) =>
    Promise.resolve(ocspResponse([{ ...ISSUERS.get(url)!, ...said }], options(nonceOf(request))));
const reasonOf = ({ refused }: Judgement): string | undefined => refused[0]?.reason;

describe('responders that are asked', () => {
  it('are those that the certificates name, about every certificate but the root, once', async () => {
    const urls: string[] = [];
    const answers = new RevocationAnswers((url, request, isNamed) => {
      urls.push(`${url} ${isNamed}`);
      return responders()(url, request, isNamed);
    });
    for (let time = 0; time < 3; time += 1) expect((await judged(answers)).verdict).toBe('accepted');
    expect(urls).toEqual(['http://middle.test/ocsp false', 'http://root.test/ false']);
  });

  it('are the one that the policy names instead', async () => {
    const named: string[] = [];
    const send: SendToResponder = async (url, request, isNamed) => {
      const inside = [...ISSUERS.keys()][named.length === 0 ? 1 : 0]!;
      named.push(`${url} ${isNamed}`);
      return responders()(inside, request, isNamed);
    };
    expect((await judged(send, { responder: 'http://own.test/' })).verdict).toBe('accepted');
    expect(named).toEqual(['http://own.test/ true', 'http://own.test/ true']);
  });

  it('are left alone where what is at hand says it, and where nobody wants to know', async () => {
    const never: SendToResponder = () => Promise.reject(new Error('asked'));
    const responses = [...ISSUERS.values()].map((one) => ocspResponse([one]));
    const { parseOcspResponse } = await import('../certificates/ocsp/response.js');
    const known = responses.map(parseOcspResponse);
    expect((await judged(never, { responses: known })).verdict).toBe('accepted');
    expect((await judged(never, { revocation: 'skip' })).verdict).toBe('accepted');
    expect((await judged(never, { responses: known, ocsp: 'off' })).verdict).toBe('accepted');
    expect((await judged(never, { identities: ['email:other@acme.io'] })).verdict).toBe('untrusted');
  });

  it('may leave out how long an answer holds where it is to this very question', async () => {
    expect((await judged(responders({ nextMs: null }))).verdict).toBe('accepted');
    const kept = await judged(responders({ nextMs: null }, () => ({})));
    expect([kept.verdict, reasonOf(kept)]).toEqual(['untrusted', expect.stringContaining('how long it holds')]);
  });

  it.each([
    ['that say it is revoked', responders({ status: { atMs: NOW_MS - DAY_MS } }), /leaf.*: revoked 2026-05-31/],
    ['that do not know it', responders({ status: 'unknown' }), /nobody says .*does not know it/],
    ['that answer another question', responders({}, () => ({ nonce: Buffer.alloc(32) })), /to another question/],
    ['whose answer is old', responders({ nextMs: NOW_MS - DAY_MS }), /out of date/],
    ['that refuse', () => Promise.resolve(ocspRefusal(6)), /refused to answer \(unauthorized\)/],
    ['that say something else', () => Promise.resolve(Buffer.from('<html>')), /nobody says/],
    [
      'that are not there',
      () => Promise.reject(new SignatureFault('trust', 'its responder does not answer: x')),
      /does not answer: x/,
    ],
  ] as const)('%s make the signature nobody’s', async (_, send, reason) => {
    const found = await judged(send);
    expect([found.verdict, reasonOf(found)]).toEqual(['untrusted', expect.stringMatching(reason)]);
  });

  it('must be named by somebody, and be asked', async () => {
    expect(reasonOf(await judged(responders(), {}, silent))).toMatch(/it names no responder/);
    expect(reasonOf(await judged(undefined))).toMatch(/nobody is asked here/);
  });

  it('are only told about where the rule says so', async () => {
    const found = await judged(responders({ status: 'unknown' }), { revocation: 'log' });
    expect(found).toMatchObject({
      verdict: 'accepted',
      warnings: [expect.stringContaining('does not know'), expect.anything()],
    });
  });

  it('end the question with what is no answer of theirs', async () => {
    await expect(judged(() => Promise.reject(new Error('interrupted')))).rejects.toThrow('interrupted');
  });
});
