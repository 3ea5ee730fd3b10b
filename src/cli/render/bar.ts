import type { Look } from './look.js';

/** A bar of exactly `width` cells; an unknown share gives a bar without end. */
export function renderBar(share: number | undefined, width: number, look: Look): string {
  const { style, signs } = look;
  if (share === undefined) return style.dim(signs.barRest.repeat(width));
  const done = Math.max(0, Math.min(width, share >= 1 ? width : Math.floor(share * width)));
  const paint = share >= 1 ? style.green : style.cyan;
  return paint(signs.barDone.repeat(done)) + style.dim(signs.barRest.repeat(width - done));
}

/** `47%`; 100 only when everything is there. */
export function percent(done: number, total: number | null): string {
  if (total === null) return '';
  if (total === 0) return '100%';
  return `${done >= total ? 100 : Math.max(0, Math.min(99, Math.floor((done / total) * 100)))}%`;
}

export function share(done: number, total: number | null): number | undefined {
  if (total === null) return undefined;
  return total === 0 ? 1 : done / total;
}
