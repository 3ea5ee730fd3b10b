const LANES = 4;
const BINS = 9;
/** Divergence from which grouping pays, as hf_xet has it. */
const WORTHWHILE = 0.02;

const onesOf = Uint8Array.from({ length: 256 }, (_, value) => value.toString(2).replaceAll('0', '').length);

/** Bytes grouped by their place in each four: all firsts, all seconds, thirds, fourths (Xet specification, xorb format). */
export function groupBytes(bytes: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(bytes.length);
  let to = 0;
  for (let lane = 0; lane < LANES; lane += 1) {
    for (let from = lane; from < bytes.length; from += LANES, to += 1) out[to] = bytes[from] ?? 0;
  }
  return out;
}

/**
 * Whether the four lanes differ enough for grouping to pay: the largest Kullback-Leibler divergence of a lane's popcounts from those of all.
 * It changes sizes only, never a hash.
 */
export function prefersGrouping(bytes: Uint8Array): boolean {
  const lanes = Array.from({ length: LANES }, () => new Uint32Array(BINS));
  bytes.forEach((byte, index) => {
    const lane = lanes[index % LANES];
    const bin = onesOf[byte] ?? 0;
    if (lane !== undefined) lane[bin] = (lane[bin] ?? 0) + 1;
  });
  const base = Array.from({ length: BINS }, (_, bin) => 1 + lanes.reduce((sum, lane) => sum + (lane[bin] ?? 0), 0));
  const total = base.reduce((sum, count) => sum + count, 0);
  return lanes.some((lane) => divergence(lane, base, total) > WORTHWHILE);
}

/** NaN, and so not worthwhile, where a bin of the lane is empty: so it is in hf_xet too. */
function divergence(lane: Uint32Array, base: readonly number[], total: number): number {
  const sum = lane.reduce((before, count) => before + count, 0);
  let result = 0;
  lane.forEach((count, bin) => {
    const share = count / sum;
    result += share * Math.log(share / ((base[bin] ?? 1) / total));
  });
  return result;
}
