import { SMALL_FILE_BYTES } from '../limits.js';

/** Threads that bring small files. They hash and write what they bring, so each keeps a core busy. */
export const MAX_COURIER_THREADS = 3;
/** From so many small files on threads are worth their start. */
export const MANY_FILES = 32;
/** An order has at most so many files and bytes; one file while nothing has come from its source, which may redirect to a shorter way to all. */
export const ORDER_FILES = 32;
export const FIRST_ORDER_FILES = 1;
export const ORDER_BYTES = 4 * SMALL_FILE_BYTES;
/** Towards the end orders get shorter, so that all end together. */
export const ORDER_SHARE = 1 / 24;
/** Small files that each thread holds in memory, on their way here or into the store. */
export const BUFFERS_PER_COURIER = 24;
/** So often a file goes back into the batch after its host or its line failed; then it is brought by itself. */
export const MOST_TRIES = 2;
/** A source of which so many files came back one after the other is not asked by the batch any more. */
export const MOST_ODD = 4;
