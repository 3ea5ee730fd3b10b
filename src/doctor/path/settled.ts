/** How often the rate is looked at, and how many looks in a row have to be alike. */
const LOOK_MS = 250;
const LOOKS = 4;
/** Within so much of their mean. */
const ALIKE = 0.08;

/** Whether a rate has stopped changing, by how many bytes came from one look to the next, the latest last. */
export function isSettled(arrived: readonly number[]): boolean {
  const last = arrived.slice(-LOOKS);
  const mean = last.reduce((sum, each) => sum + each, 0) / LOOKS;
  return last.length === LOOKS && mean > 0 && last.every((each) => Math.abs(each - mean) <= mean * ALIKE);
}

/** Calls `onSettled` once the rate of what `countBytes` counts has stopped changing. Gives what ends the watch. */
export function watchRate(countBytes: () => number, onSettled: () => void): () => void {
  const arrived: number[] = [];
  let before = countBytes();
  const timer = setInterval(() => {
    const now = countBytes();
    // What comes before the first byte is no rate.
    if (before > 0) arrived.push(now - before);
    before = now;
    if (isSettled(arrived)) onSettled();
  }, LOOK_MS);
  return () => clearInterval(timer);
}
