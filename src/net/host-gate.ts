import { MAX_PAUSE_MS } from './limits.js';
import type { ResponseHead } from './port.js';
import { parseRateLimit } from './rate-limit.js';
import { parseRetryAfter } from './retry-after.js';
import { sleep } from './sleep.js';

/**
 * Politeness shared by everything in the process that asks the same host. A key is what `gateKey` gives for a URL. Before each request:
 * `await gate.wait(key, signal)`; for every head of an answer, redirects included: `gate.note(gateKey(head.url), head)`.
 */
export interface HostGate {
  /** Resolves when the host may be asked: at once, unless it asked for a pause. Rejects with INTERRUPTED. */
  wait(key: string, signal: AbortSignal): Promise<void>;
  /** How long `wait` would take now: 0 when the gate is open. */
  pauseMs(key: string): number;
  /** Takes in what an answer says: `Retry-After` with 429 and 503, and `RateLimit` with nothing left. Returns the pause from now. */
  note(key: string, head: ResponseHead): number;
  /** What was said last of what is left, by key; of windows that are over nothing is known. */
  budgets(): readonly HostBudget[];
}

/** Requests that a host lets us make until its window ends. */
export interface HostBudget {
  readonly key: string;
  readonly remaining: number;
  readonly resetMs: number;
}

export interface HostGateOptions {
  /** Milliseconds; for tests. */
  readonly now?: () => number;
  /** Longer wishes are cut to this. */
  readonly maxPauseMs?: number;
}

/** Redirects lead to many hosts. */
const MOST_BUDGETS = 256;
/** After a 429 that does not say for how long; doubled while they go on. */
const UNSAID_PAUSE_MS = 1000;
const MAX_UNSAID_PAUSE_MS = 30_000;

/**
 * Names a budget of a host: hubs count calls of their API apart from files (Hugging Face: `"api"` and `"resolvers"`),
 * and a used-up budget for listings must not hold files back.
 */
export function gateKey(url: string): string {
  if (url !== lastKey?.url) lastKey = { url, key: keyOf(url) };
  return lastKey.key;
}

/** A request asks twice: when it is about to be made, and when it is answered. */
let lastKey: { readonly url: string; readonly key: string } | undefined;

function keyOf(url: string): string {
  const { host, pathname } = new URL(url);
  return /\/api\/(?!resolve-cache\/)/.test(pathname) && !isFileCall(pathname) ? `${host}/api` : host;
}

/** ModelScope serves file content below `/api/` too: `…/repo?Revision=…&FilePath=…`. */
function isFileCall(pathname: string): boolean {
  return pathname.endsWith('/repo');
}

export function createHostGate(options: HostGateOptions = {}): HostGate {
  const now = options.now ?? Date.now;
  const maxPauseMs = options.maxPauseMs ?? MAX_PAUSE_MS;
  const closedUntilMs = new Map<string, number>();
  const unsaid = new Map<string, number>();
  /** Told of longest ago first. */
  const told = new Map<string, { readonly remaining: number; readonly untilMs: number }>();

  const pauseMs = (key: string): number => Math.max(0, (closedUntilMs.get(key) ?? 0) - now());
  const close = (key: string, ms: number): void => {
    const until = now() + Math.min(ms, maxPauseMs);
    if (until > (closedUntilMs.get(key) ?? 0)) closedUntilMs.set(key, until);
  };
  return {
    pauseMs,
    async wait(key, signal) {
      for (let ms = pauseMs(key); ms > 0; ms = pauseMs(key)) await sleep(ms, signal);
    },
    note(key, head) {
      const limited = head.status === 429;
      const asked = limited || head.status === 503 ? parseRetryAfter(head.headers['retry-after'], now()) : undefined;
      const limit = parseRateLimit(head.headers, now());
      if (limit !== undefined) {
        told.delete(key);
        told.set(key, { remaining: limit.remaining, untilMs: now() + limit.resetMs });
        if (told.size > MOST_BUDGETS) told.delete(told.keys().next().value ?? '');
      }
      // A second more than said, as the window is counted in whole ones. Nothing left closes the gate before the first refusal.
      const reset = limit?.remaining === 0 && limit.resetMs > 0 ? limit.resetMs + 1000 : undefined;
      const said = asked ?? reset;
      if (said !== undefined) close(key, said);
      else if (limited && pauseMs(key) === 0) {
        const ms = Math.min(unsaid.get(key) ?? UNSAID_PAUSE_MS, MAX_UNSAID_PAUSE_MS);
        unsaid.set(key, ms * 2);
        close(key, ms);
      }
      if (head.status < 400) unsaid.delete(key);
      return pauseMs(key);
    },
    budgets: () =>
      [...told]
        .map(([key, { remaining, untilMs }]) => ({ key, remaining, resetMs: untilMs - now() }))
        .filter(({ resetMs }) => resetMs > 0),
  };
}
