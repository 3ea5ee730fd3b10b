import { asArray, asCount, asHex, asObject, asString, field } from '../fields.js';
import { linkTo } from './file-link.js';
import type { Site } from './port.js';

/** Where a page stands, and what its links are to begin with. */
export interface PageContext {
  readonly site: Site;
  /** URL of the page upstream: relative links start there. */
  readonly pageUrl: string;
  /** Our address of the site, without trailing slash. */
  readonly ownUrl: string;
}

const LINK = /(<a\b[^>]{0,4096}?\bhref\s*=\s*)("([^"]{0,8192})"|'([^']{0,8192})'|([^\s"'>]{1,8192}))/gi;

/** A page of the simple index in HTML (PEP 503), its links leading to us. Links that may not be followed lose their target. */
export function rewriteSimpleHtml(html: string, context: PageContext): string {
  return html.replace(LINK, (_, before: string, __, double?: string, single?: string, bare?: string) => {
    const target = unescapeHtml(double ?? single ?? bare ?? '');
    return `${before}"${escapeHtml(rewriteLink(target, context) ?? '#')}"`;
  });
}

/** The same in JSON (PEP 691); undefined when it is none: links that nobody understands are not left out, as if there were none. */
export function rewriteSimpleJson(text: string, context: PageContext): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const page = asObject(value);
  const files = asArray(field(page, 'files'));
  if (page === undefined || (files === undefined && asArray(field(page, 'projects')) === undefined)) return undefined;
  if (files === undefined) return text;
  if (!files.every((entry) => asString(field(asObject(entry), 'url')) !== undefined)) return undefined;
  const rewritten = files.flatMap((entry) => {
    const file = asObject(entry);
    const url = asString(field(file, 'url'));
    if (file === undefined || url === undefined || !URL.canParse(url, context.pageUrl)) return [];
    const sha256 = asHex(field(asObject(field(file, 'hashes')), 'sha256'), 64);
    const sizeBytes = asCount(field(file, 'size'));
    const link = linkTo(context.site, {
      url: new URL(url, context.pageUrl).href,
      digests: sha256 === undefined ? {} : { sha256 },
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
    });
    return link === undefined ? [] : [{ ...file, url: `${context.ownUrl}/${link}` }];
  });
  return JSON.stringify({ ...page, files: rewritten });
}

/** Files have a digest in the fragment; other links (to other projects) stay within the index. */
function rewriteLink(target: string, { site, pageUrl, ownUrl }: PageContext): string | undefined {
  if (!URL.canParse(target, pageUrl)) return undefined;
  const url = new URL(target, pageUrl);
  const fragment = url.hash;
  url.hash = '';
  const isOfIndex = url.href.startsWith(`${site.base}/`) && url.pathname.endsWith('/');
  if (isOfIndex) return `${ownUrl}${url.href.slice(site.base.length)}`;
  const [, algorithm = '', hex = ''] = /^#(sha256|sha512|sha1|md5)=([0-9a-fA-F]+)$/.exec(fragment) ?? [];
  const length = { sha256: 64, sha512: 128, sha1: 40, md5: 32 }[algorithm];
  const digest = length === undefined ? undefined : asHex(hex, length);
  const link = linkTo(site, { url: url.href, digests: digest === undefined ? {} : { [algorithm]: digest } });
  return link === undefined ? undefined : `${ownUrl}/${link}${fragment}`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeHtml(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos));/gi, (all, decimal, hex, name) => {
    if (name !== undefined) return NAMED[String(name).toLowerCase()] ?? all;
    const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}
