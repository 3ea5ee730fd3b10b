import type { Look } from './look.js';
import { displayWidth, padEnd, padStart, truncateEnd, truncateMiddle } from './width.js';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** May be cut down to this width when the table is too wide; the last columns give way first. */
  readonly shrinkTo?: number;
  readonly cut?: 'middle' | 'end';
  readonly style?: (text: string) => string;
}

const GAP = 2;

/** A table with a header, no wider than `columns` as far as its columns can shrink; cells are plain text. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  look: Look,
  width: number,
): readonly string[] {
  const all = columns.map((column, index) => ({
    column,
    index,
    width: Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(row[index] ?? ''))),
  }));
  const shown = fit(
    all.filter((slot) => slot.width > 0),
    width,
  );
  const line = (cells: readonly string[], paint: (column: Column) => (text: string) => string): string =>
    shown
      .map((slot) => {
        const { column } = slot;
        const cut = column.cut === 'end' ? truncateEnd : truncateMiddle;
        const cell = cut(cells[slot.index] ?? '', slot.width, look.signs.ellipsis);
        return paint(column)((column.align === 'right' ? padStart : padEnd)(cell, slot.width));
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  const titles = columns.map((column) => column.title);
  const header = titles.some((title) => title !== '') ? [line(titles, () => look.style.dim)] : [];
  return [...header, ...rows.map((row) => line(row, (column) => column.style ?? ((text) => text)))];
}

interface Slot {
  readonly column: Column;
  readonly index: number;
  width: number;
}

/** Leaves out the last columns while the table is too wide at its narrowest; then narrows from the last to the first. */
function fit(slots: readonly Slot[], width: number): readonly Slot[] {
  const least = (slot: Slot): number => Math.min(slot.width, slot.column.shrinkTo ?? slot.width);
  const total = (of: readonly Slot[], size: (slot: Slot) => number): number =>
    of.reduce((sum, slot) => sum + size(slot), 0) + GAP * (of.length - 1);
  let shown = slots;
  while (shown.length > 1 && total(shown, least) > width) shown = shown.slice(0, -1);
  for (const slot of [...shown].reverse()) {
    const over = total(shown, (one) => one.width) - width;
    if (over > 0) slot.width = Math.max(least(slot), slot.width - over);
  }
  // One column that is still too wide has nothing to give but itself.
  const [only] = shown;
  if (shown.length === 1 && only !== undefined) only.width = Math.max(1, Math.min(only.width, width));
  return shown;
}
