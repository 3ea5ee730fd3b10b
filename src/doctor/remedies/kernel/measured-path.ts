import type { Facts } from '../../facts.js';
import type { PathMeasures } from './propose-kernel.js';

/** The path with the largest bandwidth-delay product of those that were measured. */
export function measuredPath({ hosts }: Facts): PathMeasures | undefined {
  const paths = hosts.flatMap(({ goodput, ping, addresses }): PathMeasures[] => {
    const bytesPerSecond = Math.max(0, ...goodput.map((each) => each.bytesPerSecond));
    const roundTripMs = ping?.leastMs ?? Math.min(...addresses.flatMap(({ connectMs }) => connectMs));
    return bytesPerSecond > 0 && Number.isFinite(roundTripMs) ? [{ bytesPerSecond, roundTripMs }] : [];
  });
  return paths.reduce<PathMeasures | undefined>(
    (most, each) =>
      most !== undefined && most.bytesPerSecond * most.roundTripMs >= each.bytesPerSecond * each.roundTripMs
        ? most
        : each,
    undefined,
  );
}
