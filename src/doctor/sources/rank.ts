import type { Honesty, SourceReport } from './report.js';

type Measured = Omit<SourceReport, 'stability' | 'score'>;

/** A source that fails one request in twenty is past the engine's own threshold (A10): it counts for half. */
const FAILURE_HALVES = 0.05;
/** Answers this late count for half: the threshold of the engine's watch. */
const LATE_MS = 200;
/** What a source is worth that sends its clients to where another has its bytes, or does not serve the commit that it was asked for. */
const LEAK_WORTH = 0.5;
const UNPINNED_WORTH = 0.7;

/** Best first: by goodput where it was measured, weighed with stability, latency and honesty; a source with wrong bytes, or that never answered, is worth nothing. */
export function rank(measured: readonly Measured[]): readonly SourceReport[] {
  const most = Math.max(1, ...measured.map(({ bytesPerSecond }) => bytesPerSecond ?? 0));
  return measured
    .map((each): SourceReport => {
      const stability = stabilityOf(each);
      const answerMs = median(each.answerMs);
      if (answerMs === undefined || each.agrees === false || each.honesty.rightBytes === false)
        return { ...each, stability, score: 0 };
      // Where nobody's bytes were counted, latency alone tells them apart.
      const pace = most === 1 ? 1 : (each.bytesPerSecond ?? 0) / most;
      const score = pace * stability * (1 / (1 + answerMs / LATE_MS)) * worthOf(each.honesty);
      return { ...each, stability, score };
    })
    .sort(
      (one, other) =>
        other.score - one.score || (median(one.answerMs) ?? Infinity) - (median(other.answerMs) ?? Infinity),
    );
}

function worthOf({ pinsCommits, servesRanges, sharesWith }: Honesty): number {
  const leak = sharesWith === undefined ? 1 : LEAK_WORTH;
  const pin = pinsCommits === false ? UNPINNED_WORTH : 1;
  // Without ranges there is no resuming and no sharing of a file.
  return leak * pin * (servesRanges === false ? 0.1 : 1);
}

function stabilityOf({ answerMs, failures }: Pick<Measured, 'answerMs' | 'failures'>): number {
  const asked = answerMs.length + failures.length;
  if (answerMs.length === 0 || asked === 0) return 0;
  const failing = failures.length / asked;
  const middle = median(answerMs) ?? 0;
  const spread = median(answerMs.map((ms) => Math.abs(ms - middle))) ?? 0;
  return 0.5 ** (failing / FAILURE_HALVES) * (1 / (1 + spread / Math.max(1, middle)));
}

export function median(values: readonly number[]): number | undefined {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];
}
