import { createHash } from 'node:crypto';

import { SluiceError, assertSafePath, redact } from '../../base/index.js';
import type { Headers, ResponseHead } from '../../net/index.js';
import { encodePath } from '../endpoint.js';
import type { ManifestFile } from '../port.js';
import { parseChecksums } from './checksums.js';
import { fileName, lastSegment } from './file-name.js';
import { headerDigests } from './header-digests.js';

const LIST_NAME = /(?:^|[._-])(?:(?:sha(?:1|256|512)|md5)(?:sums?)?|checksums?)(?:\.txt)?$/i;

/** Whether the URL names a list of checksums by its last segment: `SHA256SUMS`, `model.bin.sha256`, `checksums.txt`. */
export function isChecksumList(url: string): boolean {
  return LIST_NAME.test(lastSegment(url));
}

/**
 * The files that a checksum list names, beside it: their URLs are relative to its own and keep its query.
 * @throws SluiceError BAD_MANIFEST, UNSAFE_PATH
 */
export function listedFiles(url: string, text: string): ManifestFile[] {
  const { host } = new URL(url);
  const ownName = lastSegment(url);
  const entries = parseChecksums(text, host);
  const files = entries.map(({ path, digests }) => {
    const named = assertSafePath(path ?? ownName.replace(/\.[^.]*$/, ''));
    return { path: named, sizeBytes: undefined, digests, url: besideUrl(url, named) };
  });
  const others = files.filter(({ path }) => path !== ownName);
  if (others.length === 0)
    throw new SluiceError('BAD_MANIFEST', { host, reason: 'a checksum file of nothing but itself' });
  return others;
}

/** The URL of a file beside a list, with the query of the list's own. */
export function besideUrl(listUrl: string, path: string): string {
  // A leading `./` keeps a name with a colon from being taken for a scheme.
  const target = new URL(`./${encodePath(path)}`, listUrl);
  target.search = new URL(listUrl).search;
  return target.href;
}

/** A single file as the head of an answer to its first byte, or to all of it, describes it; `redirects` are the heads on the way. */
export function describedFile(url: string, head: ResponseHead, redirects: readonly ResponseHead[]): ManifestFile {
  const etag = head.headers.etag;
  const lastModified = head.headers['last-modified'];
  const validators = { ...(etag ? { etag } : {}), ...(lastModified ? { lastModified } : {}) };
  return {
    path: fileName(url, head.headers['content-disposition']),
    sizeBytes: wholeSize(head),
    digests: headerDigests([...redirects, head]),
    ...(Object.keys(validators).length === 0 ? {} : { validators }),
    url,
  };
}

/** Size of the whole file, where the head of a 200, 206 or 416 tells. */
export function wholeSize({ status, headers }: ResponseHead): number | undefined {
  if (status === 206 || status === 416)
    return count(/^bytes (?:\d+-\d+|\*)\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1]);
  return headers['transfer-encoding'] === undefined ? count(headers['content-length']) : undefined;
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}

/**
 * An id in the place of a commit: the first 40 hex digits of the SHA-256 over the lines `url`, and per file `path NUL size NUL digests NUL
 * ETag NUL Last-Modified`. Signatures in the URL do not count, so that a URL signed anew names the same content.
 */
export function contentId(url: string, files: readonly ManifestFile[]): string {
  const hash = createHash('sha256').update(`${redact(url)}\n`);
  for (const { path, sizeBytes, digests, validators } of files) {
    const known = Object.entries(digests)
      .map(([algorithm, hex]) => `${algorithm}=${hex}`)
      .sort()
      .join(',');
    const parts = [path, sizeBytes ?? '', known, validators?.etag ?? '', validators?.lastModified ?? ''];
    hash.update(`${parts.join('\0')}\n`);
  }
  return hash.digest('hex').slice(0, 40);
}

/** The URL without user info and fragment, and the user info as a header for its origin. */
export function splitCredentials(url: string): { readonly url: string; readonly credentials: Headers } {
  const parsed = new URL(url);
  const { username, password } = parsed;
  parsed.hash = '';
  parsed.username = '';
  parsed.password = '';
  if (username === '' && password === '') return { url: parsed.href, credentials: {} };
  const pair = `${decoded(username)}:${decoded(password)}`;
  return { url: parsed.href, credentials: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
