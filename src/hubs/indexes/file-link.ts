import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Digests } from '../../base/index.js';
import type { Site, SiteFile } from './port.js';

/**
 * Our address of a file that an index leads to: `files/<algorithm>-<hex>[-<size>][~<signature>]/<host>/<path>`, or `files/any/…` where the index gives no digest. It carries
 * all that is needed to fetch and prove the file, so that no list of links has to be kept; signed, as a digest that anybody may choose would open whatever is here under it. Undefined when the index may not lead there.
 */
export function linkTo(site: Site, file: SiteFile): string | undefined {
  if (!URL.canParse(file.url)) return undefined;
  const url = new URL(file.url);
  if (!mayLead(site, url)) return undefined;
  const [algorithm, hex] = strongest(file.digests) ?? [];
  const size = file.sizeBytes === undefined ? '' : `-${file.sizeBytes}`;
  const told = `${algorithm}-${hex}${size}`;
  const proof = algorithm === undefined ? 'any' : told + signature(site, told, url);
  // pip encodes a colon there.
  return `files/${proof}/${url.host.replace(':', '~')}${url.pathname}${url.search}`;
}

/** What `linkTo` made, read again; undefined for anything else. What is not signed as it should be says where a file is and nothing more. `rest` is what follows `files/`, still percent-encoded. */
export function parseLink(site: Site, rest: string, search: string): SiteFile | undefined {
  const match =
    /^(any|(sha256|sha512|sha1|md5)-([0-9a-f]{32,128})(?:-(\d{1,15}))?(~[0-9a-f]{32})?)\/([^/]+)(\/.*)$/.exec(rest);
  if (match === null) return undefined;
  const [, told = '', algorithm, hex, size, signed = '', place = '', path = ''] = match;
  const host = place.replace('~', ':');
  const scheme = new URL(site.base).protocol;
  if (!URL.canParse(`${scheme}//${host}${path}${search}`)) return undefined;
  const url = new URL(`${scheme}//${host}${path}${search}`);
  if (!mayLead(site, url) || (hex !== undefined && hex.length !== LENGTHS[algorithm ?? ''])) return undefined;
  if (!isEqual(signed, signature(site, told.slice(0, told.length - signed.length), url)))
    return { url: url.href, digests: {} };
  return {
    url: url.href,
    digests: algorithm === undefined || hex === undefined ? {} : { [algorithm]: hex },
    ...(size === undefined ? {} : { sizeBytes: Number(size) }),
  };
}

/** Nothing for what tells no digest, or of a site without key. */
function signature({ name, linkKey }: Site, told: string, { host, pathname, search }: URL): string {
  if (linkKey === undefined || told === 'any') return '';
  return `~${createHmac('sha256', linkKey).update(`${name} ${told} ${host}${pathname}${search}`).digest('hex').slice(0, 32)}`;
}

function isEqual(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}

const LENGTHS: Readonly<Record<string, number>> = { sha256: 64, sha512: 128, sha1: 40, md5: 32 };

/** An index leads to its own host and to those that were named, over the same protocol; anything else would make this mirror an open door. */
function mayLead({ base, fileHosts }: Site, url: URL): boolean {
  const own = new URL(base);
  if (url.protocol !== own.protocol || url.username !== '' || url.password !== '') return false;
  return url.host === own.host || fileHosts.includes(url.host);
}

function strongest(digests: Digests): readonly [string, string] | undefined {
  for (const algorithm of ['sha256', 'sha512', 'sha1', 'md5'] as const) {
    const hex = digests[algorithm];
    if (hex !== undefined) return [algorithm, hex];
  }
  return undefined;
}
