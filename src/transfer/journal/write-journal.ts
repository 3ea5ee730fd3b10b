import { open, rename, writeFile } from 'node:fs/promises';
import { pieceAlgorithmOf } from '../../proof/index.js';
import { formatLine } from './journal-line.js';
import { JOURNAL_VERSION, type JournalContent, type LandedPiece, type PiecePart } from './journal.js';

/** Appends to a journal. Records stand in the order of the calls; each promise ends when its record is with the kernel. */
export interface JournalWriter {
  landed(piece: LandedPiece): Promise<void>;
  began(part: PiecePart): Promise<void>;
  /** These pieces are not to be trusted any more. Ends before their bytes may be touched. */
  dropped(indexes: readonly number[]): Promise<void>;
  /** Rejects when the last record could not be written; the file is closed all the same. */
  close(): Promise<void>;
}

/**
 * Begins a journal, or goes on with one: what is still true of it is written afresh (a torn tail is gone with that) under
 * a temporary name and renamed, so a crash leaves the old journal or the new one.
 */
export async function writeJournal(path: string, content: JournalContent): Promise<JournalWriter> {
  const lines = [formatLine({ journal: JOURNAL_VERSION, ...content.header })];
  for (const piece of content.pieces.values()) lines.push(pieceLine(piece));
  for (const part of content.parts.values()) lines.push(partLine(part));
  const temporary = `${path}.new`;
  await writeFile(temporary, lines.join(''));
  await rename(temporary, path);
  const handle = await open(path, 'a');

  let pending = '';
  let writing: Promise<void> | undefined;
  /** Records that come while a write is under way go together in the next one. */
  const append = async (line: string): Promise<void> => {
    pending += line;
    const before = writing;
    if (before !== undefined) {
      await before;
      if (pending === '' || writing !== before) return writing;
    }
    const text = pending;
    pending = '';
    writing = handle.appendFile(text);
    return writing;
  };
  return {
    landed: (piece) => append(pieceLine(piece)),
    began: (part) => append(partLine(part)),
    dropped: (indexes) => append(formatLine({ dropped: indexes })),
    close: async () => {
      try {
        await writing;
      } finally {
        await handle.close();
      }
    },
  };
}

function pieceLine({ index, digest, ...rest }: LandedPiece): string {
  return formatLine({ piece: index, [pieceAlgorithmOf(digest)]: digest, ...rest });
}

function partLine({ index, digest, ...rest }: PiecePart): string {
  return formatLine({ part: index, [pieceAlgorithmOf(digest)]: digest, ...rest });
}
