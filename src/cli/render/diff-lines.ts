/** A line of a difference: there before, there after, or there all the time. */
export interface DiffLine {
  readonly sign: '-' | '+' | ' ';
  readonly text: string;
}

/** Lines of the same text around a change that are shown. */
const CONTEXT = 3;
/** Beyond this many pairs of lines the changed part is shown as replaced. */
const MOST_PAIRS = 1_000_000;

/** Stretches of a difference with what is around them; none where both are equal. */
export function diffLines(before: readonly string[], after: readonly string[]): readonly (readonly DiffLine[])[] {
  const script = scriptOf(before, after);
  const near = script.map((_, at) =>
    script.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ sign }) => sign !== ' '),
  );
  const stretches: DiffLine[][] = [];
  script.forEach((line, at) => {
    if (near[at] !== true) return;
    if (near[at - 1] === true) stretches.at(-1)?.push(line);
    else stretches.push([line]);
  });
  return stretches;
}

/** Every line of both, in an order that gives the one or the other when the lines of the other sign are left out. */
export function scriptOf(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  let start = 0;
  while (start < Math.min(before.length, after.length) && before[start] === after[start]) start += 1;
  let tail = 0;
  const most = Math.min(before.length, after.length) - start;
  while (tail < most && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const same = (text: string): DiffLine => ({ sign: ' ', text });
  const inside = [before.slice(start, before.length - tail), after.slice(start, after.length - tail)] as const;
  return [...before.slice(0, start).map(same), ...middle(...inside), ...before.slice(before.length - tail).map(same)];
}

/** By the longest common subsequence. */
function middle(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const gone = (text: string): DiffLine => ({ sign: '-', text });
  const come = (text: string): DiffLine => ({ sign: '+', text });
  if (before.length * after.length > MOST_PAIRS) return [...before.map(gone), ...after.map(come)];
  const width = after.length + 1;
  const common = new Uint32Array((before.length + 1) * width);
  const at = (row: number, column: number): number => common[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row -= 1)
    for (let column = after.length - 1; column >= 0; column -= 1)
      common[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
  const lines: DiffLine[] = [];
  let [row, column] = [0, 0];
  while (row < before.length || column < after.length) {
    const [one, other] = [before[row], after[column]];
    if (one !== undefined && one === other) {
      lines.push({ sign: ' ', text: one });
      row += 1;
      column += 1;
    } else if (one !== undefined && (other === undefined || at(row + 1, column) >= at(row, column + 1))) {
      lines.push(gone(one));
      row += 1;
    } else if (other !== undefined) {
      lines.push(come(other));
      column += 1;
    }
  }
  return lines;
}
