import { stat } from 'node:fs/promises';
import { pieceAlgorithmOf } from '../../proof/index.js';
import type { Partial } from '../../store/index.js';
import type { Environment } from '../environment.js';
import { bootId } from '../journal/boot-id.js';
import type { JournalContent, JournalHeader, LandedPiece } from '../journal/journal.js';
import { readJournal } from '../journal/read-journal.js';
import { demandedPieceBytesFor, pieceBytesFor } from '../pieces/piece-size.js';
import type { TransferTask } from '../port.js';
import { validatorConflict } from '../request/file-source.js';
import type { Opening } from './held-file.js';
import { IDENTIFYING, isIdentified } from './identified.js';

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
  const landed = [...opening.pieces.values()];
  const right = landed.filter(({ index, digest }) => trusted[index] === digest);
  // What is known by a CRC only is looked at again.
  const weak = landed.filter(({ digest }) => pieceAlgorithmOf(digest) !== 'sha256');
  const claimed = weak.map((piece): LandedPiece => ({ ...piece, digest: trusted[piece.index] ?? '' }));
  right.push(...(await standing(environment, partial, opening.header, claimed)));
  return { ...opening, pieces: byIndex(right) };
}

async function look(
  environment: Environment,
  task: TransferTask,
  sizeBytes: number,
  partial: Partial,
): Promise<Opening> {
  const proof = task.digests.sha256 === undefined ? undefined : await environment.store.blobProof(task.digests.sha256);
  const proven = proof?.sizeBytes === sizeBytes ? proof.pieces : undefined;
  const known =
    task.pieces === undefined ? proven : { pieceBytes: task.pieces.pieceBytes, digests: task.pieces.sha256 };
  const header: JournalHeader = {
    sizeBytes,
    pieceBytes: known?.pieceBytes ?? (task.demand === undefined ? pieceBytesFor : demandedPieceBytesFor)(sizeBytes),
    digests: task.digests,
    validators: task.validators ?? {},
    bootId: bootId(),
  };
  const journal = await readJournal(partial.journalPath);
  const heldBytes = await sizeOf(partial.dataPath);
  if (journal === undefined && known !== undefined && heldBytes === sizeBytes) {
    const claimed = known.digests.map((digest, index): LandedPiece => ({ ...LOCAL, index, digest }));
    return finish(environment, partial, header, claimed, new Map(), trustworthy(known.digests));
  }
  if (journal === undefined || heldBytes === 0 || !isSame(journal, header)) {
    if (journal !== undefined || heldBytes > 0) await partial.reset();
    return { partial, header, pieces: new Map(), parts: new Map(), trusted: trustworthy(known?.digests) };
  }
  const kept = { ...header, pieceBytes: journal.header.pieceBytes };
  const trusted = known?.pieceBytes === kept.pieceBytes ? trustworthy(known.digests) : undefined;
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
  return { partial, header, pieces: byIndex(await standing(environment, partial, header, claimed)), parts, trusted };
}

/** Those whose bytes on disk have their digest. */
async function standing(
  environment: Environment,
  partial: Partial,
  { pieceBytes, sizeBytes }: JournalHeader,
  claimed: readonly LandedPiece[],
): Promise<LandedPiece[]> {
  const ranges = claimed.map(({ index, digest }) => ({
    startByte: index * pieceBytes,
    endByte: Math.min((index + 1) * pieceBytes, sizeBytes),
    algorithm: pieceAlgorithmOf(digest),
  }));
  const digests = await environment.followers.hashRanges(partial.dataPath, ranges);
  return claimed.filter((piece, at) => digests[at] === piece.digest);
}

function byIndex(pieces: readonly LandedPiece[]): Map<number, LandedPiece> {
  return new Map(pieces.map((piece) => [piece.index, piece]));
}

/** Digests that prove what comes from anybody. */
function trustworthy(digests: readonly string[] | undefined): readonly string[] | undefined {
  return digests?.every((digest) => pieceAlgorithmOf(digest) === 'sha256') === true ? digests : undefined;
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
