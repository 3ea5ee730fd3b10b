import { SluiceError } from '../base/index.js';

/** SHA-256 of every piece of a file, in order; pieces are equally long but for the last. */
export interface PieceHashes {
  readonly pieceBytes: number;
  readonly sha256: readonly string[];
}

/** One file of a piece list, as `docs/FORMATS.md` has it. */
export interface ListedPieces {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly pieces: PieceHashes;
}

const VERSION = 1;
/** Pieces of a list are no shorter. */
export const LEAST_PIECE_BYTES = 2 ** 20;
export const MOST_PIECE_BYTES = 2 ** 26;
/** 1 TiB in pieces of 1 MiB; the text of that is 70 MB. */
export const MOST_PIECES = 2 ** 20;

export function formatPieceList(files: readonly ListedPieces[]): string {
  const entries = files.map(({ path, sizeBytes, sha256, pieces }) => ({
    ...{ path, sizeBytes, sha256, pieceBytes: pieces.pieceBytes, pieces: pieces.sha256 },
  }));
  return `${JSON.stringify({ pieceList: VERSION, files: entries }, undefined, 1)}\n`;
}

/** @throws SluiceError BAD_MANIFEST for anything that is not a piece list, whole and consistent; `name` is told then */
export function parsePieceList(text: string, name: string): readonly ListedPieces[] {
  const refuse = (reason: string): never => {
    throw new SluiceError('BAD_MANIFEST', { host: name, reason });
  };
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    refuse('not JSON');
  }
  if (!isFields(list) || list.pieceList !== VERSION || !Array.isArray(list.files)) return refuse('not a piece list');
  return list.files.map((entry: unknown, index) => parseEntry(entry) ?? refuse(`entry ${index} makes no sense`));
}

function parseEntry(entry: unknown): ListedPieces | undefined {
  if (!isFields(entry)) return undefined;
  const { path, sizeBytes, sha256, pieceBytes, pieces } = entry;
  if (typeof path !== 'string' || !isSha256(sha256)) return undefined;
  if (typeof sizeBytes !== 'number' || !Number.isSafeInteger(sizeBytes) || sizeBytes < 1) return undefined;
  if (typeof pieceBytes !== 'number' || !Number.isInteger(Math.log2(pieceBytes))) return undefined;
  if (pieceBytes < LEAST_PIECE_BYTES || pieceBytes > MOST_PIECE_BYTES) return undefined;
  if (!Array.isArray(pieces) || pieces.length > MOST_PIECES || !pieces.every(isSha256)) return undefined;
  if (pieces.length !== Math.ceil(sizeBytes / pieceBytes)) return undefined;
  return { path, sizeBytes, sha256, pieces: { pieceBytes, sha256: pieces } };
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSha256(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}
