/** Something that the job waits for before its bytes flow. */
export interface Delay<Name> {
  readonly name: Name;
  /** How long it takes, and how long where it is healthy. */
  readonly ms: number;
  readonly usualMs: number;
}

/** Something that all bytes pass, at the same time as they pass the others. */
export interface Passage<Name> {
  readonly name: Name;
  readonly bytesPerSecond: number;
  /** What it would let pass once mended; its own rate where nothing is wrong with it. */
  readonly mendedBytesPerSecond: number;
}

export interface LostTime<Name> {
  readonly expectedMs: number;
  readonly possibleMs: number;
  readonly lost: ReadonlyMap<Name, number>;
}

/**
 * What each cause costs a job of `sizeBytes`. Delays add up; passages work beside each other, so that the narrowest sets the pace. A passage is
 * therefore charged only with what mending it would bring while those that are wider stay as they are: the narrowest is widened first, then the one
 * that is narrowest after that, and each is charged with the time that its step won. Milliseconds throughout.
 */
export function lostTime<Name>(
  sizeBytes: number,
  delays: readonly Delay<Name>[],
  passages: readonly Passage<Name>[],
): LostTime<Name> {
  const lost = new Map<Name, number>();
  const charge = (name: Name, ms: number): void => {
    if (ms > 0) lost.set(name, (lost.get(name) ?? 0) + ms);
  };
  for (const { name, ms, usualMs } of delays) charge(name, ms - usualMs);
  const waitMs = sum(delays.map(({ ms }) => ms));
  const usualWaitMs = sum(delays.map(({ ms, usualMs }) => Math.min(ms, usualMs)));
  const rates = new Map(passages.map((passage) => [passage, passage.bytesPerSecond]));
  const flowMs = (): number => (rates.size === 0 ? 0 : (sizeBytes / Math.max(1, Math.min(...rates.values()))) * 1000);
  const asItIsMs = flowMs();
  const order = [...passages].sort((one, other) => one.bytesPerSecond - other.bytesPerSecond);
  for (const passage of order) {
    const beforeMs = flowMs();
    rates.set(passage, Math.max(passage.bytesPerSecond, passage.mendedBytesPerSecond));
    charge(passage.name, beforeMs - flowMs());
  }
  return { expectedMs: waitMs + asItIsMs, possibleMs: usualWaitMs + flowMs(), lost };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
