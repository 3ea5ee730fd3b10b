import type { Headers } from '../../net/index.js';

export interface PublicUrlOptions {
  /** What was configured; nothing that a request says changes it then. */
  readonly configured: string | undefined;
  /** Whether `X-Forwarded-…` of this request is to be believed. */
  readonly believesProxy: boolean;
  readonly isTls: boolean;
}

const HOST = /^(?:\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}))(?::\d{1,5})?$/;
const PREFIX = /^(?:\/[A-Za-z0-9._~-]{1,64}){0,8}\/?$/;

/**
 * The address by which a client reached us, without trailing slash: `https://models.example/prefix`. Undefined when what it named as our host
 * cannot be one.
 */
export function publicUrl(
  { configured, believesProxy, isTls }: PublicUrlOptions,
  headers: Headers,
): string | undefined {
  if (configured !== undefined) return configured;
  const forwarded = (name: string): string | undefined =>
    believesProxy ? headers[`x-forwarded-${name}`]?.split(',').pop()?.trim() || undefined : undefined;
  const host = forwarded('host') ?? headers.host;
  if (host === undefined || !HOST.test(host)) return undefined;
  const proto = forwarded('proto') ?? (isTls ? 'https' : 'http');
  const prefix = forwarded('prefix') ?? '';
  if ((proto !== 'http' && proto !== 'https') || !PREFIX.test(prefix) || /\/\.{1,2}(?:\/|$)/.test(prefix))
    return undefined;
  return `${proto}://${host}${prefix.replace(/\/$/, '')}`;
}

/** A path without the prefix that the server stands under, where it has it: a proxy may have taken it off already. */
export function withoutPrefix(path: string, url: string): string {
  const prefix = new URL(url).pathname.replace(/\/$/, '');
  return prefix !== '' && (path === prefix || path.startsWith(`${prefix}/`)) ? path.slice(prefix.length) || '/' : path;
}
