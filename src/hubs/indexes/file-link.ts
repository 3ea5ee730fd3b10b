import type { Digests } from '../../base/index.js';
import type { Site, SiteFile } from './port.js';

/**
 * Our address of a file that an index leads to: `files/<algorithm>-<hex>[-<size>]/<host>/<path>`, or `files/any/…` where the index gives no digest. It carries all that is
 * needed to fetch and prove the file, so that no list of links has to be kept. Undefined when the index may not lead there.
 */
export function linkTo(site: Site, file: SiteFile): string | undefined {
  if (!URL.canParse(file.url)) return undefined;
  const url = new URL(file.url);
  if (!mayLead(site, url)) return undefined;
  const [algorithm, hex] = strongest(file.digests) ?? [];
  const size = file.sizeBytes === undefined ? '' : `-${file.sizeBytes}`;
  const proof = algorithm === undefined ? 'any' : `${algorithm}-${hex}${size}`;
  // pip encodes a colon there.
  return `files/${proof}/${url.host.replace(':', '~')}${url.pathname}${url.search}`;
}

/** What `linkTo` made, read again; undefined for anything else. `rest` is what follows `files/`, still percent-encoded. */
export function parseLink(site: Site, rest: string, search: string): SiteFile | undefined {
  const match = /^(any|(sha256|sha512|sha1|md5)-([0-9a-f]{32,128})(?:-(\d{1,15}))?)\/([^/]+)(\/.*)$/.exec(rest);
  if (match === null) return undefined;
  const [, , algorithm, hex, size, place = '', path = ''] = match;
  const host = place.replace('~', ':');
  const scheme = new URL(site.base).protocol;
  if (!URL.canParse(`${scheme}//${host}${path}${search}`)) return undefined;
  const url = new URL(`${scheme}//${host}${path}${search}`);
  if (!mayLead(site, url) || (hex !== undefined && hex.length !== LENGTHS[algorithm ?? ''])) return undefined;
  return {
    url: url.href,
    digests: algorithm === undefined || hex === undefined ? {} : { [algorithm]: hex },
    ...(size === undefined ? {} : { sizeBytes: Number(size) }),
  };
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
