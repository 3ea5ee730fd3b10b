/** Files of one repository. The largest public data sets have a few hundred thousand. */
export const MAX_FILES = 1_000_000;

/** Entries of a listing, folders and what is skipped included. */
export const MAX_LISTING_ENTRIES = 3_000_000;

/** Pages of a listing. */
export const MAX_LISTING_PAGES = 20_000;

/** One file: 16 TiB. */
export const MAX_FILE_BYTES = 16 * 1024 ** 4;

/** Lines of a checksum file. */
export const MAX_CHECKSUM_LINES = 1_000_000;

/** Bytes of a checksum file. */
export const MAX_CHECKSUM_BYTES = 64 * 1024 * 1024;

/** Characters of a server's own words that are shown. */
export const MAX_SERVER_TEXT = 200;

/** Bytes of what a hub tells of a repository besides its listing. */
export const MAX_DESCRIPTION_BYTES = 16 * 1024 * 1024;

/** Pages of a repository's history that are read. */
export const MAX_HISTORY_PAGES = 20;
