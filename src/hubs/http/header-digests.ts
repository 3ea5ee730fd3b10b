import type { DigestAlgorithm, Digests } from '../../base/index.js';
import type { Headers, ResponseHead } from '../../net/index.js';

const BYTES: Readonly<Record<DigestAlgorithm, number>> = {
  sha256: 32,
  sha512: 64,
  gitSha1: 20,
  sha1: 20,
  md5: 16,
  crc32c: 4,
  crc32: 4,
};

/** Names in `Repr-Digest` (RFC 9530) and the older `Digest` (RFC 3230). */
const DIGEST_NAMES: Readonly<Record<string, DigestAlgorithm>> = {
  'sha-256': 'sha256',
  'sha-512': 'sha512',
  sha: 'sha1',
  md5: 'md5',
};

/** Headers that hold one digest of the whole file, in base64 or hex. */
const SINGLE: readonly (readonly [string, DigestAlgorithm, 'base64' | 'hex'])[] = [
  ['x-amz-checksum-sha256', 'sha256', 'base64'],
  ['x-amz-checksum-sha1', 'sha1', 'base64'],
  ['x-amz-checksum-crc32c', 'crc32c', 'base64'],
  ['x-amz-checksum-crc32', 'crc32', 'base64'],
  ['x-ms-blob-content-md5', 'md5', 'base64'],
  ['x-checksum-sha256', 'sha256', 'hex'],
  ['x-checksum-sha1', 'sha1', 'hex'],
  ['x-checksum-md5', 'md5', 'hex'],
];

/**
 * Digests of the whole file that the heads of an answer and of the redirects before it tell. An ETag is none (only `X-Linked-Etag`,
 * which hubs define as one); `Content-MD5` and checksums of multipart uploads are taken only where they are of the whole.
 */
export function headerDigests(heads: readonly ResponseHead[]): Digests {
  return Object.assign({}, ...heads.map(digestsOf)) as Digests;
}

function digestsOf({ headers, status }: ResponseHead): Digests {
  const pairs = [
    ...listed(headers.digest, false),
    ...listed(headers['repr-digest'], true),
    ...single(headers),
    ...google(headers),
    ...linkedEtag(headers),
    ...(status === 200 ? [pair('md5', fromBase64(headers['content-md5']))] : []),
  ];
  return Object.fromEntries(pairs.filter((each) => each !== undefined));
}

type Pair = readonly [DigestAlgorithm, string] | undefined;

function pair(algorithm: DigestAlgorithm | undefined, hex: string | undefined): Pair {
  if (algorithm === undefined || hex?.length !== BYTES[algorithm] * 2) return undefined;
  return [algorithm, hex];
}

/** `sha-256=:base64:, …` when structured, `SHA-256=base64,…` when not. */
function listed(value: string | undefined, structured: boolean): Pair[] {
  return (value ?? '').split(',').map((part) => {
    const [name, text] = split(part);
    const algorithm = Object.hasOwn(DIGEST_NAMES, name) ? DIGEST_NAMES[name] : undefined;
    const inner = structured ? /^:([^:]*):/.exec(text)?.[1] : text;
    return pair(algorithm, fromBase64(inner));
  });
}

function single(headers: Headers): Pair[] {
  const isComposite = headers['x-amz-checksum-type']?.toUpperCase() === 'COMPOSITE';
  return SINGLE.map(([name, algorithm, encoding]) => {
    if (isComposite && name.startsWith('x-amz-')) return undefined;
    const value = headers[name];
    return pair(algorithm, encoding === 'hex' ? fromHex(value) : fromBase64(value));
  });
}

/** `x-goog-hash: crc32c=…,md5=…` is of what is stored, which differs from what is sent when it is stored compressed. */
function google(headers: Headers): Pair[] {
  const stored = headers['x-goog-stored-content-encoding'] ?? 'identity';
  if (stored !== 'identity') return [];
  return (headers['x-goog-hash'] ?? '').split(',').map((part) => {
    const [name, text] = split(part);
    return name === 'crc32c' || name === 'md5' ? pair(name, fromBase64(text)) : undefined;
  });
}

function linkedEtag(headers: Headers): Pair[] {
  const hex = fromHex(headers['x-linked-etag']?.replace(/^"|"$/g, ''));
  return [pair('sha256', hex), pair('gitSha1', hex)];
}

function split(part: string): [string, string] {
  const equals = part.indexOf('=');
  return equals < 0 ? ['', ''] : [part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim()];
}

function fromHex(text: string | undefined): string | undefined {
  const trimmed = text?.trim().toLowerCase();
  return trimmed !== undefined && /^[0-9a-f]{8,128}$/.test(trimmed) ? trimmed : undefined;
}

function fromBase64(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  if (trimmed === undefined || !/^[A-Za-z0-9+/]{4,88}={0,2}$/.test(trimmed)) return undefined;
  return Buffer.from(trimmed, 'base64').toString('hex');
}
