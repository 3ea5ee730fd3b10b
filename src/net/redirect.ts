import { SluiceError } from '../base/index.js';
import { MAX_URL_BYTES } from './limits.js';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/**
 * Where a redirect leads, as an absolute URL without fragment (RFC 9110 §10.2.2).
 * @throws SluiceError REDIRECTS for what may not be followed: no or an unreadable target, another scheme than http(s),
 * a step down from https to http, a target with user info.
 */
export function redirectTarget(from: URL, location: string | undefined): URL {
  const refuse = (reason: string): SluiceError => new SluiceError('REDIRECTS', { host: from.host, reason });
  if (location === undefined || location === '') throw refuse('a redirect without a target');
  if (Buffer.byteLength(location) > MAX_URL_BYTES) throw refuse(`a target longer than ${MAX_URL_BYTES} bytes`);
  if (!URL.canParse(location, from.href)) throw refuse('the target is not a URL');
  const target = new URL(location, from);
  if (target.protocol !== 'https:' && target.protocol !== 'http:') throw refuse(`to the scheme ${target.protocol}`);
  if (from.protocol === 'https:' && target.protocol === 'http:') throw refuse(`from https to http (${target.host})`);
  if (target.username !== '' || target.password !== '') throw refuse('the target carries credentials');
  target.hash = '';
  return target;
}
