import { readFile, stat } from 'node:fs/promises';
import { SluiceError, toSluiceError, type EventSink } from '../base/index.js';
import { isPublicHub, repositoryPath, type ManifestFile, type Origin, type Pinned } from '../hubs/index.js';
import { fetchSmall, type HostGate, type Transport } from '../net/index.js';
import {
  isEnvelope,
  MOST_MANIFEST_BYTES,
  openEnvelope,
  parsePieceList,
  parsePieceManifest,
  parsePublicKeys,
  PIECE_MANIFEST_TYPE,
  type ManifestEntry,
  type PieceHashes,
  type PieceManifest,
  type PublicKey,
} from '../proof/index.js';
import type { PullSettings } from './port.js';

/** Base64 in an envelope is a third longer than what it holds. */
const MOST_TEXT_BYTES = Math.ceil((MOST_MANIFEST_BYTES * 4) / 3) + 65_536;
/** A key file is short. */
const MOST_KEY_BYTES = 65_536;
/** Nobody waits longer for what only makes things better. */
const PATIENCE_MS = 2000;

/**
 * What pieces are said to be, and what follows: `believed` proves a file by itself, `signed` proves each piece and has the whole hashed too, a `hint` is dropped as soon as it
 * turns out to contradict the digest of the whole.
 */
export interface TrustedPieces extends PieceHashes {
  readonly standing: 'believed' | 'signed' | 'hint';
}

export interface PieceSource {
  readonly name: string;
  readonly standing: TrustedPieces['standing'];
  readonly of?: PieceManifest['of'];
  readonly files: readonly Pick<ManifestEntry, 'paths' | 'sizeBytes' | 'sha256' | 'pieces'>[];
}

export type PiecesOf = (sha256: string | undefined, sizeBytes: number | undefined) => TrustedPieces | undefined;

interface Asking {
  readonly transport: Transport;
  readonly gate: HostGate;
  readonly emit: EventSink;
  readonly signal: AbortSignal;
}

/** The keys of `--trust-key`: texts as `parsePublicKeys` takes them, or files of those. @throws SluiceError USAGE, FILE_SYSTEM */
export async function readTrustKeys(texts: readonly string[]): Promise<readonly PublicKey[]> {
  const keys: PublicKey[] = [];
  for (const text of texts) {
    const content = text.startsWith('ed25519:') ? text : (await readShort(text, MOST_KEY_BYTES)).toString('utf8');
    keys.push(...parsePublicKeys(content, text));
  }
  return keys;
}

/**
 * What `--pieces` names, a file or a URL. A list in a file is believed, as whoever names it does. With keys to trust, nothing but what one of them signed is taken.
 * @throws SluiceError BAD_MANIFEST, BAD_SIGNATURE, UNTRUSTED_KEY; those of a request
 */
export async function readGivenPieces(
  name: string,
  trusted: readonly PublicKey[],
  asking: Asking,
): Promise<PieceSource> {
  const isUrl = /^https?:\/\//.test(name);
  const bytes = isUrl ? await fetchText(name, {}, asking) : await readShort(name, MOST_TEXT_BYTES);
  const value = parseJson(bytes, name);
  if (isEnvelope(value)) return ofEnvelope(value, trusted, name);
  if (trusted.length > 0) throw new SluiceError('UNTRUSTED_KEY', { name, reason: 'it is not signed' });
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, 'pieceManifest'))
    return { name, standing: 'hint', ...parsePieceManifest(bytes, name) };
  const files = parsePieceList(bytes.toString('utf8'), name).map((file) => ({ ...file, paths: [file.path] }));
  return { name, standing: isUrl ? 'hint' : 'believed', files };
}

/**
 * What endpoints that are servers of ours have signed of a revision, as far as they say it soon. Public hubs are not asked. One that signs wrongly is told of and passed
 * over: it may refuse to prove, not keep the file from us.
 */
export async function fetchPublishedPieces(
  origins: readonly Origin[],
  { ref, commit }: Pinned,
  trusted: readonly PublicKey[],
  settings: Pick<PullSettings, 'hfToken' | 'hfTokenEndpoints' | 'msToken' | 'msEndpoints'>,
  asking: Asking,
): Promise<readonly PieceSource[]> {
  if (ref.origin === 'https' || trusted.length === 0) return [];
  const path = [ref.origin, ...repositoryPath(ref).split('/'), commit].map(encodeURIComponent).join('/');
  const found = await Promise.all(
    origins.map(async ({ endpoint }): Promise<PieceSource | undefined> => {
      if (isPublicHub(endpoint)) return undefined;
      const url = `${endpoint}/-/api/v1/pieces/${path}`;
      const isHf = ref.origin === 'hf';
      const token = isHf ? settings.hfToken : settings.msToken;
      const mayHaveIt = (isHf ? settings.hfTokenEndpoints : settings.msEndpoints).includes(endpoint);
      const credentials = token !== undefined && mayHaveIt ? { authorization: `Bearer ${token}` } : {};
      let bytes: Buffer;
      try {
        bytes = await fetchText(url, credentials, asking);
      } catch (thrown) {
        asking.signal.throwIfAborted();
        // No server of ours, or it knows nothing of it yet.
        return toSluiceError(thrown).code === 'INTERRUPTED' ? Promise.reject(toSluiceError(thrown)) : undefined;
      }
      try {
        return ofEnvelope(parseJson(bytes, url), trusted, url);
      } catch (thrown) {
        const { code, message } = toSluiceError(thrown);
        asking.emit({ type: 'notice', code, message });
        return undefined;
      }
    }),
  );
  return found.filter((source) => source !== undefined);
}

/** Pieces by content, of whichever source tells them first. @throws SluiceError BAD_MANIFEST where one contradicts the listing */
export function piecesFrom(
  sources: readonly PieceSource[],
  listing: readonly ManifestFile[],
  pinned: Pinned,
): PiecesOf {
  for (const source of sources) assertFits(source, listing, pinned);
  const known = new Map<string, { sizeBytes: number; pieces: TrustedPieces }>();
  for (const { files, standing } of [...sources].reverse())
    for (const { sha256, sizeBytes, pieces } of files)
      known.set(sha256, { sizeBytes, pieces: { ...pieces, standing } });
  return (sha256, sizeBytes) => {
    const entry = known.get(sha256 ?? '');
    return entry?.sizeBytes === sizeBytes ? entry?.pieces : undefined;
  };
}

/** A manifest of the very revision must name what the listing names: of two that disagree, one is wrong. */
function assertFits({ of, files, name }: PieceSource, listing: readonly ManifestFile[], { ref, commit }: Pinned): void {
  if (of === undefined || ref.origin === 'https') return;
  if (of.commit !== commit || of.repository !== `${ref.origin}:${repositoryPath(ref)}`) return;
  const listed = new Map(listing.map((file) => [file.path, file]));
  for (const { paths, sha256, sizeBytes } of files)
    for (const path of paths) {
      const file = listed.get(path);
      const isOther = file?.digests.sha256 !== undefined && file.digests.sha256 !== sha256;
      if (isOther || (file?.sizeBytes !== undefined && file.sizeBytes !== sizeBytes))
        throw new SluiceError('BAD_MANIFEST', { host: name, reason: `it has another ${path} than the listing` });
    }
}

function ofEnvelope(value: unknown, trusted: readonly PublicKey[], name: string): PieceSource {
  const { payload, keyId } = openEnvelope(value, PIECE_MANIFEST_TYPE, trusted, name);
  return { name, standing: keyId === undefined ? 'hint' : 'signed', ...parsePieceManifest(payload, name) };
}

async function fetchText(url: string, credentials: Readonly<Record<string, string>>, asking: Asking): Promise<Buffer> {
  const { signal, ...wires } = asking;
  const { body } = await fetchSmall(
    { ...wires, patienceMs: PATIENCE_MS, maxPausesMs: PATIENCE_MS },
    {
      url,
      credentials,
      signal,
      headers: { accept: 'application/json' },
      limitBytes: MOST_TEXT_BYTES,
      failure: ({ status }) => {
        const { host, pathname } = new URL(url);
        return status === 404
          ? new SluiceError('FILE_NOT_FOUND', { host, path: pathname })
          : new SluiceError('SERVER_ERROR', { host, status });
      },
    },
  );
  return body;
}

async function readShort(path: string, mostBytes: number): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > mostBytes) throw new SluiceError('BAD_MANIFEST', { host: path, reason: 'a file that long' });
    return await readFile(path);
  } catch (thrown) {
    throw toSluiceError(thrown);
  }
}

function parseJson(bytes: Buffer, name: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    throw new SluiceError('BAD_MANIFEST', { host: name, reason: 'not JSON' });
  }
}
