import type { Headers } from './port.js';

/** Headers as the port gives them, from the parser's record: lower-case names, repeated ones joined. */
export function joinHeaders(raw: Readonly<Record<string, string | readonly string[] | undefined>>): Headers {
  const entries = Object.entries(raw).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name.toLowerCase(), typeof value === 'string' ? value : value.join(', ')]],
  );
  return Object.fromEntries(entries);
}

/** The body length that the head announces, or undefined when it does not (chunked, or until the connection closes). */
export function contentLength(headers: Headers): number | undefined {
  const text = headers['content-length'];
  if (text === undefined || headers['transfer-encoding'] !== undefined || !/^\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** File endings whose servers name the file's own compression as an encoding (Apache's `AddEncoding x-gzip .gz`). */
const OWN_ENCODINGS: Readonly<Record<string, RegExp>> = {
  gzip: /\.(?:gz|tgz|svgz)$/i,
  'x-gzip': /\.(?:gz|tgz|svgz)$/i,
  br: /\.br$/i,
  zstd: /\.(?:zst|tzst)$/i,
  compress: /\.Z$/,
  'x-compress': /\.Z$/,
};

/**
 * The content coding that makes a body unusable, or undefined when its bytes are the file's. Identity is asked for always;
 * a coding that is the file's own format (`model.tar.gz` as `gzip`) leaves the bytes as they are published.
 */
export function foreignEncoding(headers: Headers, url: string): string | undefined {
  const encoding = headers['content-encoding']?.trim().toLowerCase();
  if (encoding === undefined || encoding === '' || encoding === 'identity') return undefined;
  const own = Object.hasOwn(OWN_ENCODINGS, encoding) ? OWN_ENCODINGS[encoding] : undefined;
  return own?.test(new URL(url).pathname) === true ? undefined : encoding;
}
