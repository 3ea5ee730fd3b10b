import type { Headers } from '../../net/index.js';

/** What a request shows of who sends it. */
export type Credentials =
  | { readonly kind: 'none' }
  /** A header is there, but none that can be read: never taken for nobody's. */
  | { readonly kind: 'broken' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'password'; readonly user: string; readonly password: string };

const LONGEST_TOKEN = 4096;

/**
 * `Authorization: Bearer` or `Basic`; without it the cookie `m_session_id` of ModelScope's clients. Git and Docker send a token as the
 * password of any user.
 */
export function readCredentials(headers: Headers): Credentials {
  const { authorization, cookie } = headers;
  if (authorization === undefined) return fromCookie(cookie);
  const match = /^(Bearer|Basic|Token) +([\x21-\x7e]+)$/i.exec(authorization.trim());
  const [, scheme = '', value = ''] = match ?? [];
  if (match === null || value.length > LONGEST_TOKEN) return { kind: 'broken' };
  return scheme.toLowerCase() === 'basic' ? fromBasic(value) : { kind: 'token', token: value };
}

function fromBasic(value: string): Credentials {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return { kind: 'broken' };
  const text = Buffer.from(value, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 0 || /\p{Cc}|\ufffd/u.test(text)) return { kind: 'broken' };
  return { kind: 'password', user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function fromCookie(cookie: string | undefined): Credentials {
  if (cookie === undefined) return { kind: 'none' };
  const found = cookie
    .split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith('m_session_id='));
  const token = found?.slice('m_session_id='.length) ?? '';
  if (token === '') return { kind: 'none' };
  return /^[\x21-\x7e]{1,4096}$/.test(token) ? { kind: 'token', token } : { kind: 'broken' };
}
