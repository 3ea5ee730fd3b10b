/** One pattern, ready to be tried on many paths. */
export type PathMatcher = (path: string) => boolean;

/**
 * The files that the filters let through, with the meaning of `hf download`: a file is taken when it matches any pattern of `include`
 * (or there is none) and no pattern of `exclude`. Patterns are those of Python's `fnmatch.fnmatchcase`: `*` (also across `/`), `?`,
 * `[seq]`, `[!seq]`; a pattern that ends in `/` means everything below that folder.
 */
export function matchFiles<T extends { readonly path: string }>(
  files: readonly T[],
  include: readonly string[],
  exclude: readonly string[],
): readonly T[] {
  const wanted = include.map(compilePattern);
  const unwanted = exclude.map(compilePattern);
  return files.filter(
    ({ path }) =>
      (wanted.length === 0 || wanted.some((matches) => matches(path))) && !unwanted.some((matches) => matches(path)),
  );
}

/** A pattern that matches exactly this path; or everything below it when it ends in `/`. */
export function literalPattern(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}

type Step = '*' | ((codePoint: number) => boolean);

/** Matching takes at most path length × pattern length steps: after a star, only that star is ever tried again. */
export function compilePattern(pattern: string): PathMatcher {
  const steps = parsePattern(pattern.endsWith('/') ? `${pattern}*` : pattern);
  return (path) => matchSteps(steps, Array.from(path, codePointOf));
}

function matchSteps(steps: readonly Step[], text: readonly number[]): boolean {
  let at = 0;
  let step = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const current = steps[step];
    if (current === '*') {
      star = step;
      starAt = at;
      step += 1;
    } else if (current?.(text[at] ?? 0) === true) {
      at += 1;
      step += 1;
    } else if (star >= 0) {
      starAt += 1;
      at = starAt;
      step = star + 1;
    } else return false;
  }
  while (steps[step] === '*') step += 1;
  return step === steps.length;
}

function parsePattern(pattern: string): Step[] {
  const points = Array.from(pattern);
  const steps: Step[] = [];
  for (let index = 0; index < points.length; index += 1) {
    const point = points[index] ?? '';
    const end = point === '[' ? setEnd(points, index) : undefined;
    if (point === '*') {
      if (steps.at(-1) !== '*') steps.push('*');
    } else if (point === '?') steps.push(() => true);
    else if (end !== undefined) {
      steps.push(parseSet(points.slice(index + 1, end)));
      index = end;
    } else steps.push(equalTo(point));
  }
  return steps;
}

/** Where the set that opens at `open` closes; a `]` right at its start is a member. Undefined: the `[` stands for itself. */
function setEnd(points: readonly string[], open: number): number | undefined {
  let index = open + 1;
  if (points[index] === '!') index += 1;
  if (points[index] === ']') index += 1;
  while (index < points.length && points[index] !== ']') index += 1;
  return index < points.length ? index : undefined;
}

/** Members of a set, with ranges `a-z`; a range that runs backwards is empty, a `-` at either end is itself. */
function parseSet(members: readonly string[]): (codePoint: number) => boolean {
  const negated = members[0] === '!';
  const points = (negated ? members.slice(1) : members).map(codePointOf);
  const ranges: (readonly [number, number])[] = [];
  for (let index = 0; index < points.length; index += 1) {
    const first = points[index] ?? 0;
    const last = points[index + 2];
    if (points[index + 1] === HYPHEN && last !== undefined) {
      if (first <= last) ranges.push([first, last]);
      index += 2;
    } else ranges.push([first, first]);
  }
  return (codePoint) => ranges.some(([first, last]) => codePoint >= first && codePoint <= last) !== negated;
}

const HYPHEN = 0x2d;

function equalTo(point: string): (codePoint: number) => boolean {
  const wanted = codePointOf(point);
  return (codePoint) => codePoint === wanted;
}

function codePointOf(point: string): number {
  return point.codePointAt(0) ?? 0;
}
