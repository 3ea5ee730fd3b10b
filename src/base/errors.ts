import { redact } from './redact.js';
import { errorText } from './texts/index.js';

/** Process exit codes, a contract with scripts (docs/ERRORS.md). */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 130;

/**
 * What an engine may do about a failure: `never` is final for everybody, `elsewhere` is final for this source,
 * `later` may pass by itself (the same request can succeed when repeated).
 */
export type Retry = 'never' | 'elsewhere' | 'later';

interface ErrorKind {
  readonly exit: ExitCode;
  readonly retry: Retry;
}

/** Every error a user can meet. Codes are stable: scripts match on them. Texts stand in `texts/`. */
export const ERROR_KINDS = {
  INTERNAL: { exit: 1, retry: 'never' },

  USAGE: { exit: 2, retry: 'never' },
  BAD_REF: { exit: 2, retry: 'never' },
  BAD_SETTING: { exit: 2, retry: 'never' },
  BAD_TRUST_POLICY: { exit: 2, retry: 'never' },
  BAD_KEY: { exit: 2, retry: 'never' },

  REPOSITORY_NOT_FOUND: { exit: 3, retry: 'elsewhere' },
  REVISION_NOT_FOUND: { exit: 3, retry: 'elsewhere' },
  FILE_NOT_FOUND: { exit: 3, retry: 'elsewhere' },
  NOTHING_MATCHED: { exit: 3, retry: 'never' },
  NOT_HERE: { exit: 3, retry: 'never' },
  NO_SUCH_REMEDY: { exit: 3, retry: 'never' },

  UNAUTHORIZED: { exit: 4, retry: 'elsewhere' },
  GATED: { exit: 4, retry: 'elsewhere' },
  FORBIDDEN: { exit: 4, retry: 'elsewhere' },
  WRONG_KEY: { exit: 4, retry: 'never' },

  DIGEST_MISMATCH: { exit: 5, retry: 'elsewhere' },
  SIZE_MISMATCH: { exit: 5, retry: 'elsewhere' },
  SOURCE_CHANGED: { exit: 5, retry: 'elsewhere' },
  UNSAFE_PATH: { exit: 5, retry: 'never' },
  BAD_MANIFEST: { exit: 5, retry: 'elsewhere' },
  CORRUPT_STORE: { exit: 5, retry: 'never' },
  BAD_SIGNATURE: { exit: 5, retry: 'never' },
  BROKEN_SEAL: { exit: 5, retry: 'never' },

  UNSIGNED: { exit: 6, retry: 'never' },
  UNTRUSTED_SIGNER: { exit: 6, retry: 'never' },
  NO_TRUST_RULE: { exit: 6, retry: 'never' },
  UNTRUSTED_KEY: { exit: 6, retry: 'never' },
  NOT_CONVERTIBLE: { exit: 6, retry: 'never' },
  REFUSED: { exit: 6, retry: 'never' },

  DNS: { exit: 7, retry: 'later' },
  CONNECT: { exit: 7, retry: 'later' },
  TLS: { exit: 7, retry: 'elsewhere' },
  PROXY: { exit: 7, retry: 'later' },
  RESET: { exit: 7, retry: 'later' },
  STALLED: { exit: 7, retry: 'later' },
  RATE_LIMITED: { exit: 7, retry: 'later' },
  SERVER_ERROR: { exit: 7, retry: 'later' },
  EXPIRED: { exit: 7, retry: 'later' },
  REDIRECTS: { exit: 7, retry: 'elsewhere' },
  RANGE_REFUSED: { exit: 7, retry: 'elsewhere' },
  BAD_RESPONSE: { exit: 7, retry: 'later' },
  NO_PROGRESS: { exit: 7, retry: 'never' },
  UNDECIDED: { exit: 7, retry: 'later' },
  OFFLINE: { exit: 7, retry: 'never' },

  DISK_FULL: { exit: 8, retry: 'never' },
  NO_PERMISSION: { exit: 8, retry: 'never' },
  VIEW_OBSTRUCTED: { exit: 8, retry: 'never' },
  FILE_SYSTEM: { exit: 8, retry: 'never' },
  FILE_UNFIT: { exit: 8, retry: 'never' },
  CHANGED_SINCE: { exit: 8, retry: 'never' },

  INTERRUPTED: { exit: 130, retry: 'never' },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERROR_KINDS;

/** Values that the texts of an error name, e.g. `{ path, expected, actual }`. */
export type ErrorDetails = Readonly<Record<string, string | number>>;

export interface ErrorOptions {
  readonly cause?: unknown;
  /** Ask again no sooner than this many milliseconds from now (`Retry-After`). */
  readonly retryAfterMs?: number;
}

/**
 * An error with a stable code, meant for people. `message` is English and free of secrets;
 * `errorText(code, details, lang)` gives it, and the remedy, in another language.
 */
export class SluiceError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options: ErrorOptions = {}) {
    const clean = redactDetails(details);
    super(errorText(code, clean, 'en').what, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SluiceError';
    this.code = code;
    this.details = clean;
    this.retryAfterMs = options.retryAfterMs;
  }

  get exitCode(): ExitCode {
    return ERROR_KINDS[this.code].exit;
  }

  get retry(): Retry {
    return ERROR_KINDS[this.code].retry;
  }
}

/** Any thrown value as a SluiceError; what is not ours becomes a file-system error or INTERNAL. */
export function toSluiceError(thrown: unknown, details: ErrorDetails = {}): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const errno = errnoOf(thrown);
  if (errno !== undefined) {
    const path = pathOf(thrown);
    return new SluiceError(fileSystemCode(errno), { reason, ...(path ? { path } : {}), ...details }, { cause: thrown });
  }
  if (thrown instanceof Error && thrown.name === 'AbortError')
    return new SluiceError('INTERRUPTED', {}, { cause: thrown });
  return new SluiceError('INTERNAL', { reason, ...details }, { cause: thrown });
}

/** The errno name of a system error (`ENOSPC`), if it is a file-system one. */
export function errnoOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || typeof thrown.code !== 'string') return undefined;
  return 'syscall' in thrown && /^E[A-Z0-9]+$/.test(thrown.code) ? thrown.code : undefined;
}

function pathOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'path' in thrown && typeof thrown.path === 'string' ? thrown.path : undefined;
}

function fileSystemCode(errno: string): ErrorCode {
  if (errno === 'ENOSPC' || errno === 'EDQUOT' || errno === 'EFBIG') return 'DISK_FULL';
  if (errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS') return 'NO_PERMISSION';
  return 'FILE_SYSTEM';
}

function redactDetails(details: ErrorDetails): ErrorDetails {
  return Object.fromEntries(
    Object.entries(details).map(([key, value]) => [key, typeof value === 'string' ? redact(value) : value]),
  );
}
