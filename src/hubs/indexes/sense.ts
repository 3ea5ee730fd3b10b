import { asArray, asObject, asString, field } from '../fields.js';
import { packageOf } from './npm.js';
import type { SiteKind } from './port.js';
import { rewriteSimpleJson } from './pypi.js';

/** What came for a page, and where it stands below its site. */
export interface CameAs {
  readonly kind: SiteKind;
  readonly path: string;
  readonly contentType: string;
  readonly body: Buffer;
}

/**
 * Whether a page is one of its kind of index, as far as can be told. Pages for people (of a proxy that wants a login, of a server under repair) come with status 200 too, and
 * installers would read from them that there is no such package.
 */
export function makesSense({ kind, path, contentType, body }: CameAs): boolean {
  if (kind === 'pypi')
    return contentType.includes('json') ? isSimpleJson(body.toString()) : isSimpleHtml(body.toString(), path);
  if (kind === 'npm') return isNpm(path, body);
  if (kind === 'debian') return !/^\s*[<{[]/.test(body.toString('latin1', 0, 200)) && body.length > 0;
  return true;
}

const NOWHERE = {
  site: { name: '', kind: 'pypi', base: 'http://index.invalid', fileHosts: [] },
  pageUrl: 'http://index.invalid/',
  ownUrl: '',
} as const;

function isSimpleJson(text: string): boolean {
  return rewriteSimpleJson(text, NOWHERE) !== undefined;
}

/**
 * Links to files are what PEP 503 asks of a project, links to projects of the list of them; of a project without files servers say what the page is in its title, or by the
 * version of its format.
 */
function isSimpleHtml(text: string, path: string): boolean {
  const isList = /^\/(?:[^/]+\/)*simple\/?$/.test(path);
  return (isList ? ANY_LINK : FILE_LINK).test(text) || SAYS_SO.test(text);
}

const ANY_LINK = /<a\b[^>]{0,4096}\bhref\s*=/i;
const FILE_LINK =
  /<a\b[^>]{0,4096}?\bhref\s*=\s*["']?[^"'>\s]{0,8192}(?:#(?:sha\d+|md5)=|\.(?:whl|egg|zip|exe|msi|tgz|tar(?:\.\w{1,4})?)["'>\s?#])/i;
const SAYS_SO = /<title>\s*(?:links for|simple|index of)|pypi:repository-version/i;

/** Documents of packages have a name and versions; what stands below `/-/` is the registry's own business, and JSON too. */
function isNpm(path: string, body: Buffer): boolean {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return false;
  }
  if (path.startsWith('/-/') || packageOf(path) !== undefined)
    return asObject(value) !== undefined || asArray(value) !== undefined;
  const packument = asObject(value);
  return asString(field(packument, 'name')) !== undefined && asObject(field(packument, 'versions') ?? {}) !== undefined;
}
