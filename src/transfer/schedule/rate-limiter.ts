/** Holds readers back so that all of them together stay below a rate. */
export interface RateLimiter {
  /** Accounts for bytes that came; a promise is how long to wait before reading on. Ends early, well, when the signal fires. */
  take(bytes: number, signal: AbortSignal): Promise<void> | undefined;
}

/** Debts below this are not waited for: timers are not that exact. */
const LEAST_WAIT_MS = 5;
/** What may come at once after a pause. */
const BURST_MS = 100;

/** A token bucket that lets readers into debt and makes them wait it off, so that chunks of any size pass. */
export function createRateLimiter(
  bytesPerSecond: number | undefined,
  now = performance.now.bind(performance),
): RateLimiter {
  if (bytesPerSecond === undefined) return { take: () => undefined };
  const perMs = bytesPerSecond / 1000;
  let paidUntilMs = 0;
  return {
    take: (bytes, signal) => {
      const nowMs = now();
      paidUntilMs = Math.max(paidUntilMs, nowMs - BURST_MS) + bytes / perMs;
      const waitMs = paidUntilMs - nowMs;
      return waitMs < LEAST_WAIT_MS ? undefined : pause(waitMs, signal);
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish, { once: true });
    if (signal.aborted) finish();
  });
}
