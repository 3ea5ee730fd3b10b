import { writeFile } from 'node:fs/promises';
import { SluiceError, toSluiceError } from '../base/index.js';
import {
  formatPieceList,
  hashPieces,
  LEAST_PIECE_BYTES,
  pieceAlgorithmOf,
  type ListedPieces,
  type PieceHashes,
} from '../proof/index.js';
import { openStore, type BlobProof, type Store } from '../store/index.js';
import { HOLDINGS } from './holdings.js';
import { listKept } from './kept.js';
import { matchesRef } from './models.js';
import type { PullContext } from './port.js';

/**
 * Writes the piece hashes of what the store holds of a ref, for others to prove it piece by piece. Files of one piece need none.
 * @throws SluiceError NOT_HERE, CORRUPT_STORE, FILE_SYSTEM
 */
export async function writePieceList(subject: string, file: string, context: PullContext): Promise<number> {
  const store = await openStore(context.settings.home);
  const { found } = await listKept(store, HOLDINGS);
  const wanted = found.filter(({ value }) => matchesRef(value, subject));
  if (wanted.length === 0) throw new SluiceError('NOT_HERE', { ref: subject });
  const files = new Map<string, ListedPieces>();
  for (const held of wanted.flatMap(({ value }) => value.files)) {
    const proof = held.sha256 === undefined ? undefined : await store.blobProof(held.sha256);
    if (proof?.pieces === undefined) continue;
    const { sizeBytes, sha256 } = proof;
    const pieces = await piecesOf(store, proof.sha256, proof.pieces);
    files.set(sha256, { path: held.path, sizeBytes, sha256, pieces });
  }
  try {
    await writeFile(file, formatPieceList([...files.values()]));
  } catch (thrown) {
    throw toSluiceError(thrown);
  }
  return files.size;
}

/** Those that were made when the blob came, or made now where a CRC was enough then. @throws SluiceError CORRUPT_STORE */
async function piecesOf(
  store: Store,
  sha256: string,
  { pieceBytes, digests }: NonNullable<BlobProof['pieces']>,
): Promise<PieceHashes> {
  const isListable = pieceBytes >= LEAST_PIECE_BYTES;
  if (isListable && digests.every((digest) => pieceAlgorithmOf(digest) === 'sha256'))
    return { pieceBytes, sha256: digests };
  let made;
  try {
    made = await hashPieces(store.blobPath(sha256), Math.max(pieceBytes, LEAST_PIECE_BYTES));
  } catch (thrown) {
    throw toSluiceError(thrown);
  }
  // Whoever pulls with a list believes it.
  if (made.sha256 !== sha256) throw new SluiceError('CORRUPT_STORE', { count: 1, total: 1 });
  return made.pieces;
}
