import { stat } from 'node:fs/promises';
import type { Digests } from '../../base/index.js';
import type { Partial } from '../../store/index.js';
import type { Environment } from '../environment.js';
import { bootId } from '../journal/boot-id.js';
import type { JournalContent, JournalHeader, LandedPiece } from '../journal/journal.js';
import { readJournal } from '../journal/read-journal.js';
import { pieceBytesFor } from '../pieces/piece-size.js';
import type { TransferTask } from '../port.js';
import { validatorConflict } from '../request/file-source.js';
import type { Opening } from './held-file.js';

/** Digests that no two files share by accident or design: with one of them it does not matter where bytes come from. */
const IDENTIFYING = ['sha256', 'sha512', 'gitSha1', 'sha1'] as const;

export function isIdentified(digests: Digests): boolean {
  return IDENTIFYING.some((algorithm) => digests[algorithm] !== undefined);
}

/** Looks at a partial and decides what of it counts. Starts over where it is of something else. */
export async function openFile(
  environment: Environment,
  task: TransferTask,
  sizeBytes: number,
  partial: Partial,
): Promise<Opening> {
  const opening = await look(environment, task, sizeBytes, partial);
  const { trusted } = opening;
  if (trusted === undefined) return opening;
  const right = [...opening.pieces].filter(([index, { sha256 }]) => trusted[index] === sha256);
  return { ...opening, pieces: new Map(right) };
}

async function look(
  environment: Environment,
  task: TransferTask,
  sizeBytes: number,
  partial: Partial,
): Promise<Opening> {
  const proof = task.digests.sha256 === undefined ? undefined : await environment.store.blobProof(task.digests.sha256);
  const known = task.pieces ?? (proof?.sizeBytes === sizeBytes ? proof.pieces : undefined);
  const header: JournalHeader = {
    sizeBytes,
    pieceBytes: known?.pieceBytes ?? pieceBytesFor(sizeBytes),
    digests: task.digests,
    validators: task.validators ?? {},
    bootId: bootId(),
  };
  const journal = await readJournal(partial.journalPath);
  const heldBytes = await sizeOf(partial.dataPath);
  if (journal === undefined && known !== undefined && heldBytes === sizeBytes) {
    const claimed = known.sha256.map((sha256, index): LandedPiece => ({ ...LOCAL, index, sha256 }));
    return finish(environment, partial, header, claimed, new Map(), known.sha256);
  }
  if (journal === undefined || heldBytes === 0 || !isSame(journal, header)) {
    if (journal !== undefined || heldBytes > 0) await partial.reset();
    return { partial, header, pieces: new Map(), parts: new Map(), trusted: known?.sha256 };
  }
  const kept = { ...header, pieceBytes: journal.header.pieceBytes };
  const trusted = known?.pieceBytes === kept.pieceBytes ? known.sha256 : undefined;
  const claimed = [...journal.pieces.values()];
  // Under the same kernel everything that was written is there, whatever became of the process.
  const mayBeLost = journal.header.bootId !== header.bootId || heldBytes < sizeBytes;
  if (mayBeLost || !isIdentified(task.digests))
    return finish(environment, partial, kept, claimed, journal.parts, trusted);
  return { partial, header: kept, pieces: journal.pieces, parts: journal.parts, trusted };
}

const LOCAL = { source: 'local', atMs: 0, ms: 0, retries: 0 } as const;

/** Counts only pieces whose bytes are what they are claimed to be. */
async function finish(
  environment: Environment,
  partial: Partial,
  header: JournalHeader,
  claimed: readonly LandedPiece[],
  parts: JournalContent['parts'],
  trusted: readonly string[] | undefined,
): Promise<Opening> {
  const { pieceBytes, sizeBytes } = header;
  const ranges = claimed.map(({ index }) => ({
    startByte: index * pieceBytes,
    endByte: Math.min((index + 1) * pieceBytes, sizeBytes),
  }));
  const hashes = await environment.followers.hashRanges(partial.dataPath, ranges);
  const right = claimed.filter((piece, at) => hashes[at] === piece.sha256);
  return { partial, header, pieces: new Map(right.map((piece) => [piece.index, piece])), parts, trusted };
}

/** Whether a journal is of the file that is wanted now. */
function isSame({ header }: JournalContent, wanted: JournalHeader): boolean {
  if (header.sizeBytes !== wanted.sizeBytes) return false;
  const shared = IDENTIFYING.filter((key) => header.digests[key] !== undefined && wanted.digests[key] !== undefined);
  if (shared.length > 0) return shared.every((key) => header.digests[key] === wanted.digests[key]);
  const { etag, lastModified } = wanted.validators;
  if (etag === undefined && lastModified === undefined) return false;
  const isComparable =
    (etag !== undefined && header.validators.etag !== undefined) ||
    (lastModified !== undefined && header.validators.lastModified !== undefined);
  return isComparable && validatorConflict(header.validators, wanted.validators) === undefined;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw thrown;
  }
}
