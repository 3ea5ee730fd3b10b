import { SluiceError } from '../../base/index.js';
import { canonicalJson, parseCanonicalJson } from '../canonical-json.js';
import { exactFields } from '../exact-fields.js';
import { LEAST_PIECE_BYTES, MOST_PIECE_BYTES, MOST_PIECES, type PieceHashes } from '../piece-list.js';

/** One content, the paths at which the manifest's revision has it, and its pieces. */
export interface ManifestEntry {
  /** Sorted by code units; none in the manifest of a blob. */
  readonly paths: readonly string[];
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly pieces: PieceHashes;
}

/** What pieces contents are made of, as docs/FORMATS.md has it: of a repository's revision, or of blobs. */
export interface PieceManifest {
  /** As `hf:org/name`, and the commit. */
  readonly of?: { readonly repository: string; readonly commit: string };
  /** Sorted by SHA-256, each once. */
  readonly files: readonly ManifestEntry[];
}

/** What the envelope says that it signs. */
export const PIECE_MANIFEST_TYPE = 'application/vnd.sluice.piece-manifest.v1+json';
/** Of a manifest; an envelope is a third longer. */
export const MOST_MANIFEST_BYTES = 64 * 2 ** 20;
const VERSION = 1;
const MOST_FILES = 100_000;
const MOST_PATH = 4096;

/** Piece size for a file of which none is given: a power of two, at most 4096 pieces up to 256 GiB. */
export function manifestPieceBytes(sizeBytes: number): number {
  let pieceBytes = LEAST_PIECE_BYTES;
  while (pieceBytes < MOST_PIECE_BYTES && pieceBytes * 4096 < sizeBytes) pieceBytes *= 2;
  return pieceBytes;
}

/** The canonical bytes of a manifest: one form for one content. */
export function formatPieceManifest({ of, files }: PieceManifest): Buffer {
  const sorted = [...files].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
  const entries = sorted.map(({ paths, sizeBytes, sha256, pieces }) => ({
    ...{ paths: [...paths].sort(), sizeBytes, sha256, pieceBytes: pieces.pieceBytes, pieces: pieces.sha256 },
  }));
  return Buffer.from(canonicalJson({ pieceManifest: VERSION, ...of, files: entries }));
}

/** @throws SluiceError BAD_MANIFEST for anything but the canonical bytes of a manifest; `name` is told then */
export function parsePieceManifest(bytes: Buffer, name: string): PieceManifest {
  const refuse = (reason: string): never => {
    throw new SluiceError('BAD_MANIFEST', { host: name, reason });
  };
  if (bytes.length > MOST_MANIFEST_BYTES) return refuse('a manifest that long');
  const text = bytes.toString('utf8');
  if (!Buffer.from(text).equals(bytes)) return refuse('not UTF-8');
  const fields = exactFields(parseCanonicalJson(text), ['pieceManifest', 'files'], ['repository', 'commit']);
  if (fields?.pieceManifest !== VERSION || !Array.isArray(fields.files)) return refuse('not a piece manifest');
  if (fields.files.length > MOST_FILES) return refuse(`more than ${MOST_FILES} files`);
  const { repository, commit } = fields;
  const isOf = isText(repository) && isText(commit);
  if (!isOf && (repository !== undefined || commit !== undefined)) return refuse('it is of half a revision');
  let pieces = 0;
  let last = '';
  const seen = new Set<string>();
  const files = fields.files.map((value: unknown, index): ManifestEntry => {
    const entry = readEntry(value) ?? refuse(`entry ${index} makes no sense`);
    pieces += entry.pieces.sha256.length;
    if (pieces > MOST_PIECES) refuse('more pieces than any file has');
    if (entry.sha256 <= last) refuse(`entry ${index} is not in order`);
    last = entry.sha256;
    for (const path of entry.paths) {
      if (seen.has(path)) refuse(`it has ${path} twice`);
      seen.add(path);
    }
    return entry;
  });
  return isOf ? { of: { repository, commit }, files } : { files };
}

function readEntry(value: unknown): ManifestEntry | undefined {
  const fields = exactFields(value, ['paths', 'sizeBytes', 'sha256', 'pieceBytes', 'pieces']);
  if (fields === undefined) return undefined;
  const { paths, sizeBytes, sha256, pieceBytes, pieces } = fields;
  if (!Array.isArray(paths) || !paths.every((path) => isText(path)) || !isSorted(paths)) return undefined;
  if (!isSha256(sha256) || !isCount(sizeBytes) || sizeBytes < 1) return undefined;
  if (!isCount(pieceBytes) || !Number.isInteger(Math.log2(pieceBytes))) return undefined;
  if (pieceBytes < LEAST_PIECE_BYTES || pieceBytes > MOST_PIECE_BYTES) return undefined;
  if (!Array.isArray(pieces) || pieces.length !== Math.ceil(sizeBytes / pieceBytes)) return undefined;
  if (!pieces.every(isSha256)) return undefined;
  // The one piece of a file is the file.
  if (pieces.length === 1 && pieces[0] !== sha256) return undefined;
  return { paths, sizeBytes, sha256, pieces: { pieceBytes, sha256: pieces } };
}

function isSorted(texts: readonly string[]): boolean {
  return texts.every((text, index) => index === 0 || (texts[index - 1] ?? '') < text);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MOST_PATH;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isSha256(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}
