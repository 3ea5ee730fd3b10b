import { createHmac } from 'node:crypto';
import type { Content } from './content.js';

export interface SignedUrlOptions {
  /** How long a signed URL is good for. */
  readonly forMs: number;
  /** How many requests a signed URL is good for. */
  readonly uses: number;
}

interface Grant {
  readonly content: Content;
  readonly expiresMs: number;
  usesLeft: number;
}

/** Issues URLs of the second host and checks them, as a CDN in front of an object store does. */
export class SignedUrls {
  readonly #options: SignedUrlOptions;
  readonly #grants = new Map<string, Grant>();
  baseUrl = '';

  constructor(options: SignedUrlOptions) {
    this.#options = options;
  }

  /** An absolute URL under which the content can be had for a while. */
  issue(content: Content, sha256: string, fileName: string): string {
    const expiresMs = Date.now() + this.#options.forMs;
    const serial = this.#grants.size + 1;
    const signature = createHmac('sha256', 'sim').update(`${sha256}\n${expiresMs}\n${serial}`).digest('base64url');
    this.#grants.set(signature, { content, expiresMs, usesLeft: this.#options.uses });
    const query = new URLSearchParams({
      'response-content-disposition': `inline; filename*=UTF-8''${encodeURIComponent(fileName)}`,
      Expires: String(Math.ceil(expiresMs / 1000)),
      Signature: signature,
      'Key-Pair-Id': 'SIM',
    });
    return `${this.baseUrl}/repos/blob/${sha256}?${query.toString()}`;
  }

  /** Content of a URL that is still good, else why not. */
  open(query: URLSearchParams): Content | 'unknown' | 'expired' {
    const grant = this.#grants.get(query.get('Signature') ?? '');
    if (grant === undefined) return 'unknown';
    if (Date.now() >= grant.expiresMs || grant.usesLeft <= 0) return 'expired';
    grant.usesLeft -= 1;
    return grant.content;
  }

  /** Makes every URL issued so far expire now. */
  expireAll(): void {
    for (const grant of this.#grants.values()) grant.usesLeft = 0;
  }
}
