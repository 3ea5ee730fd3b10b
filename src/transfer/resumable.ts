import type { Store } from '../store/index.js';
import { readJournal } from './journal/read-journal.js';
import { SMALL_FILE_BYTES } from './limits.js';
import type { TransferTask } from './port.js';

/** Whether a file of this size arrives in a partial; smaller ones are held in memory. */
export function hasPartial(sizeBytes: number): boolean {
  return sizeBytes > SMALL_FILE_BYTES;
}

/** Bytes of a file that an earlier transfer left, as its journal tells; for planning, so nothing is proven or locked. */
export async function resumableBytes(store: Store, task: Pick<TransferTask, 'digests' | 'sizeBytes'>): Promise<number> {
  if (task.sizeBytes !== undefined && !hasPartial(task.sizeBytes)) return 0;
  if (Object.keys(task.digests).length === 0) return 0;
  const journal = await readJournal(store.journalPath({ digests: task.digests, sizeBytes: task.sizeBytes }));
  if (journal === undefined) return 0;
  if (task.sizeBytes !== undefined && task.sizeBytes !== journal.header.sizeBytes) return 0;
  const { pieceBytes, sizeBytes } = journal.header;
  let bytes = 0;
  for (const index of journal.pieces.keys()) bytes += Math.min(pieceBytes, sizeBytes - index * pieceBytes);
  for (const part of journal.parts.values()) bytes += part.bytes;
  return bytes;
}
