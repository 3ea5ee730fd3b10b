import { SluiceError } from '../base/index.js';

/** A hub's base URL: without trailing slash, maybe with a path prefix. */
export interface Endpoint {
  /** What URLs are made from. */
  readonly base: string;
  /** Scheme, host and port: where credentials may go. */
  readonly origin: string;
  /** Host with port, for error texts. */
  readonly host: string;
  /** Names the endpoint to people: host with port, and its prefix if it has one. */
  readonly id: string;
}

/** @throws SluiceError BAD_SETTING */
export function parseEndpoint(text: string): Endpoint {
  const refuse = (reason: string): SluiceError =>
    new SluiceError('BAD_SETTING', { key: 'endpoint', value: text, reason });
  const trimmed = text.trim();
  if (!URL.canParse(trimmed)) throw refuse('not a URL');
  const url = new URL(trimmed);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse('only http and https are known');
  if (url.username !== '' || url.password !== '') throw refuse('give credentials as a token, not in the URL');
  if (url.search !== '' || url.hash !== '') throw refuse('it may not have a query or a fragment');
  let end = url.pathname.length;
  while (url.pathname[end - 1] === '/') end -= 1;
  const prefix = url.pathname.slice(0, end);
  return { base: url.origin + prefix, origin: url.origin, host: url.host, id: url.host + prefix };
}

/** @throws SluiceError BAD_SETTING when the token could not stand in a header */
export function checkToken(token: string | undefined): string | undefined {
  const trimmed = token?.trim();
  if (!trimmed) return undefined;
  if (!/^[\u0021-\u007e]{1,4096}$/.test(trimmed) || trimmed.includes(';'))
    throw new SluiceError('BAD_SETTING', { key: 'token', value: '***', reason: 'it has characters that no token has' });
  return trimmed;
}

/** A path for a URL: each segment percent-encoded, slashes kept. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
