import { readFile } from 'node:fs/promises';
import { DIGEST_ALGORITHMS, type Digests } from '../../base/index.js';
import { isPieceDigest } from '../../proof/index.js';
import { isPieceBytes } from '../pieces/piece-size.js';
import { parseLine } from './journal-line.js';
import {
  JOURNAL_VERSION,
  type JournalContent,
  type JournalHeader,
  type LandedPiece,
  type PiecePart,
} from './journal.js';

type Fields = Readonly<Record<string, unknown>>;

/** The journal at `path`; undefined when there is none, or none that can be used. */
export async function readJournal(path: string): Promise<JournalContent | undefined> {
  try {
    return parseJournal(await readFile(path, 'utf8'));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
}

/**
 * Reads a journal as a crash may have left it: the header must be whole; a record that is not is as if never written.
 * Later records of a piece replace earlier ones.
 */
export function parseJournal(text: string): JournalContent | undefined {
  const lines = text.split('\n');
  // What follows the last line feed was torn off while being written.
  lines.pop();
  const header = headerOf(parseLine(lines[0] ?? ''));
  if (header === undefined) return undefined;
  const pieces = new Map<number, LandedPiece>();
  const parts = new Map<number, PiecePart>();
  const count = Math.ceil(header.sizeBytes / header.pieceBytes);
  for (const line of lines.slice(1)) {
    const record = parseLine(line);
    if (record === undefined) continue;
    const piece = pieceOf(record, count);
    if (piece !== undefined) pieces.set(piece.index, piece);
    const part = partOf(record, header);
    if (part !== undefined) parts.set(part.index, part);
    for (const index of numbersOf(record.dropped)) {
      pieces.delete(index);
      parts.delete(index);
    }
  }
  for (const index of pieces.keys()) parts.delete(index);
  return { header, pieces, parts };
}

function headerOf(record: Fields | undefined): JournalHeader | undefined {
  if (record?.journal !== JOURNAL_VERSION && record?.journal !== 1) return undefined;
  const { sizeBytes, pieceBytes, bootId } = record;
  if (!Number.isSafeInteger(sizeBytes) || (sizeBytes as number) < 0) return undefined;
  if (!isPieceBytes(pieceBytes) || typeof bootId !== 'string') return undefined;
  const digests = stringsOf(record.digests, DIGEST_ALGORITHMS) as Digests;
  const validators = stringsOf(record.validators, ['etag', 'lastModified']);
  return { sizeBytes: sizeBytes as number, pieceBytes, digests, validators, bootId };
}

function pieceOf(record: Fields, count: number): LandedPiece | undefined {
  const { piece: index, sha256, crc32, source, atMs, ms, retries, reason } = record;
  const digest = sha256 ?? crc32;
  if (!isBelow(index, count) || !isPieceDigest(digest) || typeof source !== 'string') return undefined;
  return {
    index,
    digest,
    source,
    atMs: numberOr(atMs, 0),
    ms: numberOr(ms, 0),
    retries: numberOr(retries, 0),
    ...(typeof reason === 'string' ? { reason } : {}),
  };
}

function partOf(record: Fields, { sizeBytes, pieceBytes }: JournalHeader): PiecePart | undefined {
  const { part: index, bytes, sha256, crc32, source } = record;
  const digest = sha256 ?? crc32;
  if (!isBelow(index, Math.ceil(sizeBytes / pieceBytes)) || !isPieceDigest(digest)) return undefined;
  const lengthBytes = Math.min(pieceBytes, sizeBytes - index * pieceBytes);
  if (!isBelow(bytes, lengthBytes) || bytes === 0 || typeof source !== 'string') return undefined;
  return { index, bytes, digest, source };
}

function isBelow(value: unknown, limit: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < limit;
}

function numberOr(value: unknown, other: number): number {
  return typeof value === 'number' ? value : other;
}

function numbersOf(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((item): item is number => typeof item === 'number') : [];
}

function stringsOf(value: unknown, keys: readonly string[]): Record<string, string> {
  const out: Record<string, string> = {};
  if (typeof value !== 'object' || value === null) return out;
  for (const key of keys) {
    const item = (value as Fields)[key];
    if (typeof item === 'string') out[key] = item;
  }
  return out;
}
