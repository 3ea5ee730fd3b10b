/**
 * Every constant of the engine in one place. The memory that bodies may hold is bounded by
 * connections × max(2 × WRITE_BLOCK_BYTES, SMALL_FILE_BYTES): 64 connections hold at most 128 MiB.
 */
const MIB = 1024 * 1024;

/** Pieces are powers of two in this range: the unit of scheduling, of repair and of what a kill can cost. */
export const MIN_PIECE_BYTES = MIB;
export const MAX_PIECE_BYTES = 64 * MIB;
/** A file is cut into about this many pieces, as far as the range above allows. */
export const PIECES_PER_FILE = 128;

/** Files up to here come by one GET into memory and are proven before they touch the store. */
export const SMALL_FILE_BYTES = MIB;

/** Bytes are gathered to writes of this size; each connection has two such blocks, one filling, one being written. */
export const WRITE_BLOCK_BYTES = MIB;
/** Copies from other tools' partials are read in blocks of this size. */
export const COPY_BLOCK_BYTES = MIB;

/** Large files that arrive side by side: enough for two hashing threads, few enough that files also finish. */
export const LARGE_FILES_IN_FLIGHT = 3;

/** One request spans about this much time of its connection, so that the round trip does not count. */
export const RUN_TARGET_MS = 2000;
/** A piece that is in flight for longer than this may be asked for a second time when connections idle. */
export const HEDGE_AFTER_MS = 3000;

/** Clock of the engine: progress events, goodput, deadlines. */
export const TICK_MS = 200;

/** Backoff of a source that fails: doubles from the first to the last, with jitter of ± 50 %. */
export const BACKOFF_FIRST_MS = 200;
export const BACKOFF_LAST_MS = 30_000;

/** Waiting because every source asked for it (`Retry-After`) is not lack of progress, up to this long. */
export const MAX_ASKED_WAIT_MS = 15 * 60_000;

/** A signed address is renewed this long before its end, or after nine tenths of its life if that is later. */
export const RENEW_AHEAD_MS = 30_000;

/** What is read of the body of a refusal. */
export const FAILURE_BODY_BYTES = 4096;
/** A refusal that talks longer than this is cut off. */
export const FAILURE_BODY_LIMIT_BYTES = 65_536;

/** How often content that nothing identifies may change under our hands before we give up. */
export const MAX_RESTARTS = 3;
/** Pieces fetched again in the first round of looking for wrong bytes; later rounds double. */
export const SUSPECTS_PER_ROUND = 8;
