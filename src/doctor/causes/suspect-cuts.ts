import type { BrokenStream, GoodputFacts, HostFacts } from '../facts.js';
import type { Suspicion } from './suspicion.js';
import { THRESHOLDS } from './thresholds.js';

/** Streams that broke, or fell silent, while their bytes flowed: at the same byte, at the same moment, or anywhere. */
export function suspectCuts({ host, goodput, repeats = [] }: HostFacts): readonly Suspicion[] {
  const stages = [...goodput, ...repeats];
  const broken = stages.flatMap(brokenOf);
  const [first] = broken;
  if (first === undefined) return [];
  const size = middle(broken, ({ bytes }) => bytes);
  const time = middle(broken, ({ ms }) => ms);
  const count = broken.length;
  const evidence = { host, count, reason: first.message, code: first.code };
  const isCut = count >= THRESHOLDS.cutStreams && Math.min(size.spread, time.spread) <= THRESHOLDS.cutSpread;
  if (!isCut) {
    const streams = stages.reduce((sum, stage) => sum + stage.streams, 0);
    // A line that pauses for a moment breaks nothing.
    const real = broken.filter(({ silentMs }) => silentMs === undefined || silentMs >= THRESHOLDS.silentMs);
    const [oldest] = real;
    if (oldest === undefined) return [];
    const { message: reason, code } = oldest;
    return [{ cause: 'BREAKS', about: host, evidence: { host, count: real.length, reason, code, streams } }];
  }
  const requestSize = sizeWord(Math.min(...broken.map(({ bytes }) => bytes)) * THRESHOLDS.safeShare);
  // At a steady pace both are alike; what was decided on is the more exact of them.
  return size.spread <= time.spread
    ? [{ cause: 'CUT_BY_SIZE', about: host, evidence: { ...evidence, afterBytes: size.median, requestSize } }]
    : [{ cause: 'CUT_BY_TIME', about: host, evidence: { ...evidence, afterMs: time.median, requestSize } }];
}

/** Streams that fall silent together show a line that paused, once: only alone, or in different stages, do they show where they are cut. */
function brokenOf({ failures }: GoodputFacts): readonly BrokenStream[] {
  const flowed = failures.filter(({ bytes }) => bytes > 0);
  const firstSilent = flowed.find(({ silentMs }) => silentMs !== undefined);
  return flowed.filter((each) => each.silentMs === undefined || each === firstSilent);
}

/** As `--request-bytes` takes it. */
function sizeWord(bytes: number): string {
  return bytes >= 2e6 ? `${Math.floor(bytes / 1e6)}MB` : `${Math.max(263, Math.floor(bytes / 1e3))}KB`;
}

/** The median, and how far from it nine in ten of the others are, as a share of it. */
function middle(broken: readonly BrokenStream[], by: (stream: BrokenStream) => number) {
  const sorted = broken.map(by).sort((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const far = sorted.map((value) => Math.abs(value - median)).sort((one, other) => one - other);
  const spread = (far[Math.floor((far.length - 1) * 0.9)] ?? 0) / Math.max(1, median);
  return { median, spread };
}
