/** Characters that stand on the cell before them: combining marks, joiners, variation selectors. */
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\u200b\u200d\ufe0e\ufe0f]$/u;
/** East Asian wide and fullwidth characters (UAX #11 W and F), and emoji shown as pictures. */
const WIDE =
  /^[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{1f004}\u{1f0cf}\u{1f18e}-\u{1f19a}\u{1f200}-\u{1f320}\u{1f32d}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f7e0}-\u{1f7eb}\u{1f90c}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

const ESCAPES = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** Cells that a text takes on a terminal; colour sequences take none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text.replace(ESCAPES, '')) width += cells(character);
  return width;
}

function cells(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return 0;
  if (code < 0x300) return 1;
  if (ZERO_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** The longest start of a plain text that fits. */
export function takeStart(text: string, width: number): string {
  let out = '';
  let used = 0;
  for (const character of text) {
    used += cells(character);
    if (used > width) break;
    out += character;
  }
  return out;
}

function takeEnd(text: string, width: number): string {
  const reversed = Array.from(text).reverse().join('');
  return Array.from(takeStart(reversed, width)).reverse().join('');
}

/** A plain text cut at its end. */
export function truncateEnd(text: string, width: number, ellipsis = '…'): string {
  if (displayWidth(text) <= width) return text;
  if (width <= displayWidth(ellipsis)) return takeStart(text, width);
  return takeStart(text, width - displayWidth(ellipsis)) + ellipsis;
}

/** A plain text cut in its middle; `startShare` of what stays is its start. */
export function truncateMiddle(text: string, width: number, ellipsis = '…', startShare = 0.4): string {
  if (displayWidth(text) <= width) return text;
  const room = width - displayWidth(ellipsis);
  if (room < 2) return takeStart(text, width);
  const start = takeStart(text, Math.floor(room * startShare));
  return start + ellipsis + takeEnd(text, room - displayWidth(start));
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text))) + text;
}

/** Closing marks that may not begin a line in Chinese typography. */
const NOT_AT_START = '，。：；！？、）》”’」』】';

/** Lines no wider than `width`, broken at spaces and between wide characters; what has no such place is cut. */
export function wrap(text: string, width: number): readonly string[] {
  if (width < 2) return [takeStart(text, Math.max(1, width))];
  const lines: string[] = [];
  let line = '';
  for (const word of breakable(text)) {
    const trimmed = word.trimEnd();
    if (displayWidth(line) + displayWidth(trimmed) > width && line !== '') {
      lines.push(line.trimEnd());
      line = '';
    }
    line += line === '' ? word.trimStart() : word;
    while (displayWidth(line.trimEnd()) > width) {
      const head = takeStart(line, width);
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  if (line.trim() !== '' || lines.length === 0) lines.push(line.trimEnd());
  return lines;
}

/** Words with the space after them; every wide character is a word, with the closing marks that follow it. */
function breakable(text: string): readonly string[] {
  const words: string[] = [];
  let word = '';
  const flush = (): void => {
    if (word !== '') words.push(word);
    word = '';
  };
  for (const character of text) {
    const wide = cells(character) === 2;
    if (NOT_AT_START.includes(character) && word === '' && words.length > 0)
      words.push((words.pop() ?? '') + character);
    else if (wide && !NOT_AT_START.includes(character)) {
      flush();
      words.push(character);
    } else {
      word += character;
      if (character === ' ' || NOT_AT_START.includes(character)) flush();
    }
  }
  flush();
  return words.reduce<string[]>((kept, next) => {
    const last = kept.at(-1);
    if (last !== undefined && /\d $/.test(last) && UNIT.test(next)) kept[kept.length - 1] = last + next;
    else kept.push(next);
    return kept;
  }, []);
}

/** Stays on the line of the number that it belongs to. */
const UNIT = /^(?:[kMGTP]?B(?:\/s)?|ms|s|min|h|%)(?![A-Za-z])/;

/** Things of a list, in lines no wider than `width`: a line ends between two of them where they fit. */
export function wrapList(items: readonly string[], separator: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const [index, item] of items.entries()) {
    const text = index === items.length - 1 ? item : item + separator.trimEnd();
    const last = lines.at(-1);
    const joined = last === undefined ? text : last + ' '.repeat(separator.endsWith(' ') ? 1 : 0) + text;
    if (last !== undefined && displayWidth(joined) <= width) lines[lines.length - 1] = joined;
    else lines.push(...wrap(text, width));
  }
  return lines;
}
