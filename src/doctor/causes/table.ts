import type { Severity } from '../report.js';

/** Every cause that can be named. Codes are stable: scripts match on them. Texts stand beside the command line's others. */
export const CAUSES = {
  NAME_UNKNOWN: 'blocks',
  UNREACHABLE: 'blocks',
  UNTRUSTED: 'blocks',
  NOT_ALLOWED: 'blocks',
  BROKEN: 'blocks',
  DISK_FULL: 'blocks',
  NOT_WRITABLE: 'blocks',
  SLOW_NAMES: 'slows',
  DEAD_ADDRESSES: 'slows',
  DEAD_RESOLVER: 'slows',
  SMALL_WINDOW: 'slows',
  LOSS: 'slows',
  FAR_AWAY: 'slows',
  SLOW_ANSWER: 'slows',
  CONNECTION_CAP: 'slows',
  SLOW_LINE: 'slows',
  RATE_LIMITED: 'slows',
  SLOW_DISK: 'slows',
  SLOW_HASH: 'slows',
  CLOCK_WRONG: 'risks',
  FEW_OPEN_FILES: 'risks',
  NO_HARD_LINKS: 'risks',
} as const satisfies Record<string, Severity>;
