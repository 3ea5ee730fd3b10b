import type { FileSource } from '../request/file-source.js';
import { findLate, firstFor } from './front.js';
import type { HandOut, Share } from './hand-out.js';
import type { HeldFile } from './held-file.js';
import type { PieceRun } from './piece-run.js';
import type { WantedPieces } from './wanted-pieces.js';

export interface Shares {
  readonly held: HeldFile;
  readonly handOut: HandOut;
  readonly sources: readonly FileSource[];
  readonly runs: readonly PieceRun[];
  /** Undefined where all of the file is fetched. */
  readonly wanted: WantedPieces | undefined;
}

/**
 * The pieces that a connection gets next, about `wishBytes` of them; they are taken. What somebody waits for goes first, but not to connections that
 * are to work behind the front.
 */
export function chooseShare(
  { held, handOut, sources, runs, wanted }: Shares,
  from: FileSource,
  wishBytes: number,
  nowMs: number,
): Share | undefined {
  const fairBytes = wanted?.wishBytes(from, wishBytes, nowMs) ?? wishBytes;
  const wish = Math.max(fairBytes, from.source.spans?.worthwhileBytes ?? 0);
  const front = { sources, map: held.map, wishBytes: wish, nowMs };
  // Of runs on demand nothing is cut: what is on the wire would be sent twice.
  const isCut = held.isOrdered && wanted === undefined;
  const late = isCut ? findLate(runs, from, front) : undefined;
  if (late !== undefined) handOut.trim(late.run, late.last);
  const earliest = firstFor(from, front);
  const urgent = earliest === 0 ? (wanted?.urgent ?? []) : [];
  const { id } = from.source;
  return handOut.takeUrgent(id, wish, nowMs, urgent) ?? handOut.take(id, wish, nowMs, earliest);
}
