import type { Digests } from '../../base/index.js';
import { asHex, asObject, asString, field, type JsonObject } from '../fields.js';
import type { Site, SiteFile } from './port.js';

/** The document of a package, its tarballs leading to us under the paths that the registry has them at; undefined when it is none. */
export function rewritePackument(text: string, site: Site, ownUrl: string): string | undefined {
  const packument = parse(text);
  const versions = asObject(field(packument, 'versions'));
  if (packument === undefined || versions === undefined) return packument === undefined ? undefined : text;
  const rewritten = Object.fromEntries(
    Object.entries(versions).map(([version, value]) => {
      const manifest = asObject(value) ?? {};
      const dist = asObject(field(manifest, 'dist'));
      const path = pathOf(site, asString(field(dist, 'tarball')));
      return [version, path === undefined ? manifest : { ...manifest, dist: { ...dist, tarball: ownUrl + path } }];
    }),
  );
  return JSON.stringify({ ...packument, versions: rewritten });
}

/**
 * The tarball that stands at `path` below the registry, as the package's document describes it; `nonsense` where nobody understands that, which is no proof that there is
 * none. Of a package that was taken back there are no versions.
 */
export function findTarball(text: string, site: Site, path: string): SiteFile | 'nonsense' | undefined {
  const packument = parse(text);
  const versions = asObject(field(packument, 'versions') ?? {});
  if (asString(field(packument, 'name')) === undefined || versions === undefined) return 'nonsense';
  for (const value of Object.values(versions)) {
    const dist = asObject(field(asObject(value), 'dist'));
    const url = asString(field(dist, 'tarball'));
    if (url === undefined) return 'nonsense';
    if (pathOf(site, url) !== path) continue;
    return { url: site.base + path, digests: digestsOf(dist) };
  }
  return undefined;
}

/** `/name` or `/@scope/name` of a tarball's path; undefined when it is none. */
export function packageOf(path: string): string | undefined {
  return /^(\/(?:@[^/]+(?:\/|%2f))?[^/]+)\/-\/[^/]+\.tgz$/i.exec(path)?.[1];
}

/** The path below the registry of a tarball's URL; those elsewhere are left as they are. */
function pathOf(site: Site, url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  const base = new URL(`${site.base}/`);
  const isOwn = parsed.host === base.host || site.fileHosts.includes(parsed.host);
  if (!isOwn || !parsed.pathname.startsWith(base.pathname)) return undefined;
  return `/${parsed.pathname.slice(base.pathname.length)}`;
}

/** `dist.integrity` is one or more of `sha512-<base64>` (Subresource Integrity); `dist.shasum` is SHA-1. */
function digestsOf(dist: JsonObject | undefined): Digests {
  const integrity = asString(field(dist, 'integrity')) ?? '';
  const base64 = /(?:^|\s)sha512-([A-Za-z0-9+/]{86}==)/.exec(integrity)?.[1];
  const sha1 = asHex(field(dist, 'shasum'), 40);
  return {
    ...(base64 === undefined ? {} : { sha512: Buffer.from(base64, 'base64').toString('hex') }),
    ...(sha1 === undefined ? {} : { sha1 }),
  };
}

function parse(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}
