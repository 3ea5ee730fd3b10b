import { randomBytes } from 'node:crypto';
import type { Certificate } from '../certificates/certificate.js';
import { ocspRequest, responderUrl } from '../certificates/ocsp/request.js';
import { parseOcspResponse, type OcspResponse } from '../certificates/ocsp/response.js';
import type { PathRequest, ValidPath } from '../certificates/path.js';
import { revocationOf, type RevocationEvidence } from '../certificates/revocation-state.js';
import { SignatureFault, untrusted } from '../signature-fault.js';
import type { Acceptance } from './policy.js';

/**
 * Brings a request to a responder and its answer back, of `MOST_OCSP_BYTES` at most.
 * @param isNamed the policy names the address; else a certificate does, and nobody vouches for where that leads
 * @throws SignatureFault trust with the reason when there is no answer; whatever else it throws ends the whole question
 */
export type SendToResponder = (url: string, request: Buffer, isNamed: boolean) => Promise<Buffer>;

/** Verdicts are believed for a minute, answers and the lack of them too. */
const KEPT_MS = 60_000;
const MOST_KEPT = 1000;
const NONCE_BYTES = 32;

/** Asks responders, each about one certificate once a minute. What they say is not believed here. */
export class RevocationAnswers {
  readonly #kept = new Map<string, { readonly atMs: number; readonly response: Promise<OcspResponse> }>();

  constructor(private readonly send: SendToResponder) {}

  /** @throws SignatureFault when there is no answer, or not one to this question */
  async of(certificate: Certificate, issuer: Certificate, nowMs: number, named?: string): Promise<OcspResponse> {
    const url = named ?? responderUrl(certificate);
    if (url === undefined) throw untrusted('it names no responder');
    const key = `${certificate.fingerprint} ${issuer.fingerprint} ${url}`;
    const known = this.#kept.get(key);
    if (known !== undefined && Math.abs(nowMs - known.atMs) < KEPT_MS) return known.response;
    const response = this.#ask(certificate, issuer, url, named !== undefined);
    this.#kept.set(key, { atMs: nowMs, response });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MOST_KEPT) break;
      this.#kept.delete(oldest);
    }
    response.catch((thrown: unknown) => {
      if (!(thrown instanceof SignatureFault)) this.#kept.delete(key);
    });
    return response;
  }

  async #ask(certificate: Certificate, issuer: Certificate, url: string, isNamed: boolean): Promise<OcspResponse> {
    const nonce = randomBytes(NONCE_BYTES);
    const response = parseOcspResponse(await this.send(url, ocspRequest(certificate, issuer, nonce), isNamed));
    if (response.nonce === undefined) return response;
    if (!response.nonce.equals(nonce)) throw untrusted('the answer is to another question');
    return { ...response, isFresh: true };
  }
}

/** Asks about every certificate of a path of which nothing at hand says anything. */
export async function askedAbout(
  { certificates }: ValidPath,
  known: PathRequest,
  { responder }: Acceptance,
  answers: RevocationAnswers | undefined,
): Promise<Pick<RevocationEvidence, 'responses' | 'unanswered'>> {
  const responses: OcspResponse[] = [...(known.responses ?? [])];
  const unanswered = new Map<string, string>();
  for (const [index, certificate] of certificates.entries()) {
    const issuer = certificates[index + 1];
    if (issuer === undefined || revocationOf(certificate, issuer, known, known).is !== 'unknown') continue;
    try {
      if (answers === undefined) throw untrusted('nobody is asked here');
      responses.push(await answers.of(certificate, issuer, known.nowMs, responder));
    } catch (thrown) {
      if (!(thrown instanceof SignatureFault)) throw thrown;
      unanswered.set(certificate.fingerprint, thrown.message);
    }
  }
  return { responses, unanswered };
}
