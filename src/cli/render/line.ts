import type { Look } from './look.js';
import { displayWidth, wrap } from './width.js';

/** A line that stays on the screen, as plain parts: how it is folded is decided when the width is known. */
export interface Line {
  readonly sign?: 'done' | 'warn' | 'fail' | 'dot';
  readonly text: string;
  readonly weight?: 'bold' | 'dim';
  /** Shown dim behind the text. */
  readonly aside?: string;
}

const SIGN_STYLES = { done: 'green', warn: 'yellow', fail: 'red', dot: 'dim' } as const;

/** Lines no wider than `columns`, those after the first indented. An infinite width folds nothing. */
export function layLine(line: Line, look: Look, columns: number): readonly string[] {
  const { style, signs } = look;
  const paint = line.weight === undefined ? (text: string) => text : style[line.weight];
  const sign = line.sign === undefined ? '' : `${style[SIGN_STYLES[line.sign]](signs[line.sign])} `;
  const room = columns - 1 - displayWidth(sign);
  const aside = line.aside === undefined ? '' : `  ${line.aside}`;
  if (displayWidth(line.text + aside) <= room) return [sign + paint(line.text) + style.dim(aside)];
  const indent = ' '.repeat(2);
  const parts = wrap(line.text + aside, Math.max(10, Math.min(room, columns - 3)));
  return parts.map((part, index) => (index === 0 ? sign : indent) + paint(part));
}
