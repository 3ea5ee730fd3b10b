import { SluiceError, toSluiceError } from '../../base/index.js';
import type { Face, FaceReply, FaceRequest } from '../face.js';
import { hostlessWords } from '../hostless.js';
import { READING, type Route } from '../routes.js';
import { parseLink } from './file-link.js';
import { findTarball, packageOf, rewritePackument } from './npm.js';
import { rewriteSimpleHtml, rewriteSimpleJson } from './pypi.js';
import type { Site, SiteCatalogue, SiteFile, SiteKind, SitePage } from './port.js';

/** The places that are mirrored under `/-/<name>/`: indexes of packages whose links lead to us, and plain files. */
export function createSitesFace(catalogue: SiteCatalogue, sites: readonly Site[]): Face {
  const byName = new Map(sites.map((site) => [site.name, site]));
  return {
    name: 'sites',
    routes: Object.values(ROUTES).flat(),
    answer: (request) => {
      const [, name = '', rest = ''] = /^\/-\/([^/]+)(\/.*)$/.exec(request.path) ?? [];
      const site = byName.get(name);
      if (site === undefined) return undefined;
      return answer({ catalogue, site, request, path: rest, ownUrl: `${request.publicUrl}/-/${name}` });
    },
  };
}

interface Question {
  readonly catalogue: SiteCatalogue;
  readonly site: Site;
  readonly request: FaceRequest;
  /** Below the site, percent-encoded, beginning with `/`. */
  readonly path: string;
  readonly ownUrl: string;
}

async function answer(question: Question): Promise<FaceReply> {
  const { request, path, site } = question;
  try {
    const route = ROUTES[site.kind].find(({ isAt }) => isAt === undefined || isAt(path));
    if (route?.methods.includes(request.method) !== true)
      return text(405, 'This mirror is read-only.\n', { allow: 'GET, HEAD' });
    if (path.split('/').some((segment) => /^(?:\.|%2e){2}$/i.test(segment))) return text(400, 'Not a path.\n');
    return await route.answer(question);
  } catch (thrown) {
    return refusal(toSluiceError(thrown));
  }
}

interface SiteRoute extends Route {
  /** Whether a path below the site is its; undefined: all that are of none before. */
  readonly isAt?: (path: string) => boolean;
  readonly answer: (question: Question) => Promise<FaceReply>;
}

/** By what a site is, in the order in which they are looked through. */
const ROUTES: Readonly<Record<SiteKind, readonly SiteRoute[]>> = {
  pypi: [
    {
      path: '/-/{pypi}/files/{link}',
      methods: READING,
      isAt: (path) => path.startsWith('/files/'),
      answer: answerLink,
    },
    { path: '/-/{pypi}/{page}', methods: READING, answer: answerSimple },
  ],
  npm: [
    { path: '/-/{npm}/{package}/-/{tarball}', methods: READING, isAt: (path) => packageOf(path) !== undefined, answer: answerTarball }, // prettier-ignore
    { path: '/-/{npm}/{package}', methods: READING, answer: answerPackument },
  ],
  debian: [
    { path: '/-/{debian}/{release}', methods: READING, isAt: isRelease, answer: answerRelease },
    { path: '/-/{debian}/{file}', methods: READING, answer: answerPlain },
  ],
  files: [{ path: '/-/{files}/{file}', methods: READING, answer: answerPlain }],
};

/** What tells the digests of everything else in a Debian archive, and is signed. The rest is asked for by its validators. */
function isRelease(path: string): boolean {
  return /\/(?:InRelease|Release|Release\.gpg)$/.test(path);
}

async function answerLink(question: Question): Promise<FaceReply> {
  const { site, path, request } = question;
  // pip asks for the metadata of a wheel (PEP 658) beside it: another file, of which the link says nothing.
  const isMetadata = path.endsWith('.metadata');
  const link = parseLink(site, path.slice('/files/'.length), search(request));
  if (link === undefined) throw new SluiceError('FILE_NOT_FOUND', { host: site.name, path });
  return fileReply(question, isMetadata ? { url: link.url, digests: {} } : link);
}

async function answerSimple(question: Question): Promise<FaceReply> {
  const { site, path, ownUrl, request } = question;
  const found = await page(question, request.headers.accept);
  const context = { site, pageUrl: site.base + path, ownUrl };
  const body = found.body.toString();
  if (found.contentType.includes('json')) {
    const rewritten = rewriteSimpleJson(body, context);
    if (rewritten === undefined)
      throw new SluiceError('BAD_MANIFEST', { host: site.name, reason: 'its page is none of an index' });
    return pageReply(found, rewritten);
  }
  return pageReply(found, found.contentType.includes('html') ? rewriteSimpleHtml(body, context) : undefined);
}

async function answerRelease(question: Question): Promise<FaceReply> {
  return pageReply(await page(question, undefined));
}

function answerPlain(question: Question): Promise<FaceReply> {
  const { site, path, request } = question;
  return fileReply(question, { url: site.base + path + search(request), digests: {} });
}

async function answerPackument(question: Question): Promise<FaceReply> {
  const { site, ownUrl, request } = question;
  const found = await page(question, request.headers.accept);
  return pageReply(found, rewritePackument(found.body.toString(), site, ownUrl));
}

async function answerTarball(question: Question): Promise<FaceReply> {
  const { site, path, catalogue, request } = question;
  const name = packageOf(path) ?? path;
  const packument = await catalogue.page(site, name.replace(/^(\/@[^/]+)\//, '$1%2f'), undefined, request.signal);
  const tarball = findTarball(packument.body.toString(), site, path);
  if (tarball === 'nonsense')
    throw new SluiceError('BAD_MANIFEST', { host: site.name, reason: 'its document of a package is none' });
  if (tarball === undefined) throw new SluiceError('FILE_NOT_FOUND', { host: site.name, path });
  return fileReply(question, tarball);
}

function page({ catalogue, site, path, request }: Question, accept: string | undefined): Promise<SitePage> {
  return catalogue.page(site, path + search(request), accept, request.signal);
}

function pageReply({ body, contentType, status, warning }: SitePage, rewritten?: string): FaceReply {
  const headers = {
    'content-type': contentType,
    'x-cache-status': status,
    ...(warning === undefined ? {} : { warning: '110 - "stale"' }),
  };
  return { status: 200, headers: { ...headers, vary: 'accept' }, body: rewritten ?? body };
}

async function fileReply({ catalogue, site, request }: Question, file: SiteFile): Promise<FaceReply> {
  const content = await catalogue.file(site, file, request.signal);
  const { sha256, sha512, sha1, md5 } = file.digests;
  const digest = sha256 ?? sha512 ?? sha1 ?? md5;
  return {
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'x-cache-status': content.status,
      ...(digest === undefined ? {} : { etag: `"${digest}"` }),
    },
    content,
  };
}

function refusal(error: SluiceError): FaceReply {
  const { retryAfterMs, exitCode } = error;
  const message = hostlessWords(error);
  if (exitCode === 3) return text(404, `${message}\n`);
  // That bytes are other than were signed is a refusal like those of a policy.
  if (exitCode === 4 || exitCode === 6 || error.code === 'BAD_SIGNATURE') return text(403, `${message}\n`);
  const seconds = String(Math.max(1, Math.ceil((retryAfterMs ?? 5000) / 1000)));
  if (error.code === 'RATE_LIMITED') return text(429, `${message}\n`, { 'retry-after': seconds });
  if (exitCode === 7) return text(503, `${message}\n`, { 'retry-after': seconds });
  return text(exitCode === 5 ? 502 : 500, `${message}\n`);
}

function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): FaceReply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body };
}

function search({ query }: FaceRequest): string {
  return query.size === 0 ? '' : `?${query.toString()}`;
}
