/** A chunk's raw bytes (xet specification: target 64 KiB, at most twice that). */
export const MAX_CHUNK_BYTES = 131_072;

/** A chunk's bytes as stored. A writer stores what does not shrink, so this is generous. */
export const MAX_PACKED_BYTES = 262_144;

export const CHUNK_HEADER_BYTES = 8;

/** Chunks of one xorb. */
export const MAX_XORB_CHUNKS = 8192;

/** A serialized xorb: 64 MiB of raw bytes that do not shrink, a header for each chunk, and a footer. */
export const MAX_XORB_BYTES = 64 * 1024 * 1024 + MAX_XORB_CHUNKS * (CHUNK_HEADER_BYTES + 40) + 96;

/** Chunk records are decoded in batches of about this many stored bytes; the last record may reach beyond. */
export const BATCH_BYTES = 512 * 1024;

/** Raw bytes of one batch. */
export const BATCH_RAW_BYTES = 1024 * 1024;

/** Chunks of one batch, however small they are. */
export const BATCH_CHUNKS = 1024;

/** Bytes of a file that one reconstruction is asked for. */
export const SEGMENT_BYTES = 256 * 1024 * 1024;

/** Bytes of a file that one reconstruction is asked for when it is only to tell what is here already. */
export const LOOK_BYTES = 8 * 1024 ** 3;

/** What is here between two spans that have to be fetched is fetched along when it is shorter: a request costs more. */
export const WORTHWHILE_GAP_BYTES = 256 * 1024;

/** Chunks that are here are copied so many bytes at a time, */
export const COPY_BYTES = 4 * 1024 * 1024;

/** and so many times that side by side. */
export const COPY_LANES = 3;

/** Terms and fetch ranges of one reconstruction: 256 MiB in chunks of 8 KiB each on their own would be 32,768. */
export const MAX_TERMS = 65_536;

/** One reconstruction as JSON. */
export const MAX_RECONSTRUCTION_BYTES = 32 * 1024 * 1024;

/** A signed URL. Hugging Face keeps them below 8 KiB. */
export const MAX_XORB_URL_BYTES = 16 * 1024;

/** A token is asked for again this long before it ends. */
export const TOKEN_MARGIN_MS = 30_000;

/** Times that one range is asked for under a new address before its refusal is believed. */
export const MAX_REFRESHES = 3;
