import { createHmac } from 'node:crypto';
import type { FetchRange } from './reconstruct.js';

/** Path of xorbs on the second host, before the hash. */
export const XORB_PATH = '/xorbs/default/';

export interface XorbUrlOptions {
  readonly lifeMs: number;
  /** Whether a URL is good for the ranges it was signed for only, as at the real service. */
  readonly exactRanges: boolean;
  /** Where URLs lead, if not to the second host. */
  readonly elsewhere: string | undefined;
}

/** Signs URLs of ranges of xorbs and checks them, by nothing but what they say. */
export class XorbUrls {
  readonly #options: XorbUrlOptions;
  #serial = 0;
  #expiredUpTo = 0;
  baseUrl = '';

  constructor(options: XorbUrlOptions) {
    this.#options = options;
  }

  issue(hash: string, ranges: readonly FetchRange['bytes'][]): string {
    this.#serial += 1;
    const signedRange = `bytes=${ranges.map(({ start, end }) => `${start}-${end}`).join(',')}`;
    const expiresMs = String(Date.now() + this.#options.lifeMs);
    const serial = String(this.#serial);
    const query = new URLSearchParams({
      'X-Xet-Signed-Range': signedRange,
      Expires: String(Math.ceil(Number(expiresMs) / 1000)),
      Policy: Buffer.from(`${expiresMs} ${serial}`).toString('base64url'),
      Signature: sign(hash, signedRange, expiresMs, serial),
      'Key-Pair-Id': 'SIM',
    });
    return `${this.#options.elsewhere ?? this.baseUrl}${XORB_PATH}${hash}?${query.toString()}`;
  }

  /** Whether a request for a xorb may pass: its URL, and the range it asks for. */
  check(
    hash: string,
    query: URLSearchParams,
    range: string | undefined,
  ): 'good' | 'unknown' | 'expired' | 'other-range' {
    const [expiresMs = '', serial = ''] = Buffer.from(query.get('Policy') ?? '', 'base64url')
      .toString()
      .split(' ');
    const signedRange = query.get('X-Xet-Signed-Range') ?? '';
    if (query.get('Signature') !== sign(hash, signedRange, expiresMs, serial)) return 'unknown';
    if (Date.now() >= Number(expiresMs) || Number(serial) <= this.#expiredUpTo) return 'expired';
    if (!this.#options.exactRanges || range === signedRange) return 'good';
    const members = signedRange.slice('bytes='.length).split(',');
    return members.some((member) => range === `bytes=${member}`) ? 'good' : 'other-range';
  }

  expireAll(): void {
    this.#expiredUpTo = this.#serial;
  }
}

function sign(...parts: readonly string[]): string {
  return createHmac('sha256', 'sim').update(parts.join('\n')).digest('base64url');
}
