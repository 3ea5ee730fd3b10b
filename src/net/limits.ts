/** Longest header block of an answer (status line and trailers included). Hubs with signed redirects stay below 8 KiB. */
export const MAX_HEADER_BYTES = 64 * 1024;

/** Informational answers (1xx) before the one that counts; servers that send any send one or two. */
export const MAX_INFORMATIONAL_ANSWERS = 32;

/** Redirects followed for one request. */
export const MAX_REDIRECTS = 10;

/** Longest URL that a redirect may lead to. */
export const MAX_URL_BYTES = 16 * 1024;

/** Body of a redirect that is read to keep the connection; a longer one drops it. */
export const MAX_REDIRECT_BODY_BYTES = 64 * 1024;

/** Most bytes of an answer that is held in memory (listings, checksum files). */
export const MAX_SMALL_ANSWER_BYTES = 64 * 1024 * 1024;

/** First bytes of a refusal that are kept to explain it. */
export const MAX_REFUSAL_BYTES = 4 * 1024;

/** Deepest nesting of JSON from outside. */
export const MAX_JSON_DEPTH = 64;

/** Longest pause that a server may ask for at once (`Retry-After`, `RateLimit`); longer wishes are cut to it. */
export const MAX_PAUSE_MS = 10 * 60_000;

/** Longest time that pauses asked for by servers may add to one small request. */
export const MAX_PAUSES_MS = 15 * 60_000;
