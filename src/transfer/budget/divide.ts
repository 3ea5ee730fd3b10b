/** What a process says of itself; rates in bytes per second. */
export interface Claim {
  /** What it is held to by its own settings. */
  readonly limit: number;
  /** What it could use. */
  readonly demand: number;
  /** What it allows itself at present. */
  readonly share: number;
}

/** Nobody's demand counts for less than this part of the whole: there must be something to begin with. */
const LEAST_PART = 64;

/** The limit of all together: the highest that one of them has. Each stays below its own as well. */
export function totalOf(claims: readonly Claim[]): number {
  return Math.max(0, ...claims.map(({ limit }) => limit));
}

/** What a process may use while the others do not yet know of it. */
export function firstShare(claims: readonly Claim[]): number {
  return Math.max(1, totalOf(claims) / LEAST_PART);
}

/**
 * What each should come to, in the order of the claims: max-min fairness by demand (nobody gets more at the cost of somebody who has less), then what nobody
 * asked for in equal parts, so that whoever speeds up is not held back before the next look.
 */
export function divide(claims: readonly Claim[]): readonly number[] {
  const total = totalOf(claims);
  const least = total / LEAST_PART;
  const demands = claims.map(({ demand, limit }) => Math.min(limit, Math.max(demand, least)));
  const met = fill(demands, total);
  const spare = total - met.reduce((sum, share) => sum + share, 0);
  const room = claims.map(({ limit }, index) => limit - (met[index] ?? 0));
  return fill(room, spare).map((extra, index) => (met[index] ?? 0) + extra);
}

/** Equal parts of `total`, no part above its bound; what the bounds leave goes to the others. */
function fill(bounds: readonly number[], total: number): readonly number[] {
  const parts = bounds.map(() => 0);
  const order = [...bounds.keys()].sort((a, b) => (bounds[a] ?? 0) - (bounds[b] ?? 0));
  let left = total;
  for (const [rank, index] of order.entries()) {
    const part = Math.max(0, Math.min(bounds[index] ?? 0, left / (order.length - rank)));
    parts[index] = part;
    left -= part;
  }
  return parts;
}

/**
 * The share that the first of the claims allows itself next. It comes down at once, and goes up only into what nobody holds at present,
 * sharing that with the others who have to go up: as long as all see the same claims, all shares together stay within the total at every step.
 */
export function nextShare(claims: readonly Claim[]): number {
  const targets = divide(claims);
  const [mine] = claims;
  const [target = 0] = targets;
  if (mine === undefined || target <= mine.share) return target;
  const free = Math.max(0, totalOf(claims) - claims.reduce((sum, { share }) => sum + share, 0));
  const lacking = claims.reduce((sum, { share }, index) => sum + Math.max(0, (targets[index] ?? 0) - share), 0);
  return mine.share + (target - mine.share) * Math.min(1, free / lacking);
}
