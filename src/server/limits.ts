/** Longest head of a request: names, tokens and one cookie. */
export const MAX_HEADER_BYTES = 32 * 1024;
/** More headers than any client has, behind several proxies. */
export const MAX_HEADERS = 200;
/** Largest body of a request that any face reads. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Connections whose requests do not come to their end are looked for at least so often. */
export const CHECK_CONNECTIONS_MS = 2000;
/** Clients that come again within it need no new connection. */
export const KEEP_ALIVE_MS = 75_000;
/** Clients give up after ten seconds without a byte: when there is none of a file by then, they are told to come again. */
export const FIRST_BYTE_MS = 9500;
/** Beyond this many times the most connections even a refusal costs too much: they are closed. */
export const HARD_CONNECTIONS_FACTOR = 1.25;
/** Wrong tokens and passwords of one client at once, and a minute. */
export const WRONG_CREDENTIALS = 60;
/** Clients whose rate is known; the least busy are forgotten beyond. */
export const MAX_KNOWN_CLIENTS = 65_536;
/** What a client that may not come in now is told to wait. */
export const RETRY_S = 1;
/** Not ready below this much free space: what comes next could not be kept. */
export const LEAST_FREE_BYTES = 64 * 1024 * 1024;
