import { SluiceError } from '../../../base/index.js';

/** The lines around what a remedy of that name wrote: each has its own block, or undoing one would take the other along. */
function marksOf(name: string): readonly [start: string, end: string] {
  return [`# >>> sluice doctor --remedy ${name} >>>`, `# <<< sluice doctor --remedy ${name} <<<`];
}

/** A text as lines without their ends; the end that most of it uses, and whether the last line has one. */
export interface Lines {
  readonly lines: readonly string[];
  readonly eol: '\n' | '\r\n';
}

/** @throws SluiceError FILE_UNFIT for what is no text: an edit would change more than it says */
export function linesOf(bytes: Buffer | undefined, path: string): Lines {
  if (bytes === undefined || bytes.length === 0) return { lines: [], eol: '\n' };
  const text = textOf(bytes, path);
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.split(eol);
  if (lines.at(-1) === '') lines.pop();
  // Appended to it, our line would be a part of that one.
  if (lines.at(-1)?.endsWith('\\') === true)
    throw new SluiceError('FILE_UNFIT', { path, reason: 'its last line goes on after its end' });
  return { lines, eol };
}

/** @throws SluiceError FILE_UNFIT */
export function textOf(bytes: Buffer, path: string): string {
  const text = bytes.toString('utf8');
  if (text.includes('\0') || !Buffer.from(text).equals(bytes))
    throw new SluiceError('FILE_UNFIT', { path, reason: 'it is not UTF-8 text' });
  return text;
}

export function bytesOf({ lines, eol }: Lines): Buffer {
  return Buffer.from(lines.map((line) => line + eol).join(''));
}

export function marked(name: string, ...lines: readonly string[]): readonly string[] {
  const [start, end] = marksOf(name);
  return [start, ...lines, end];
}

/**
 * The lines without the block that an earlier remedy made, and where it was.
 * @throws SluiceError FILE_UNFIT for a block without its end
 */
export function withoutBlock(
  name: string,
  lines: readonly string[],
  path: string,
): { rest: readonly string[]; at?: number } {
  const [first, last] = marksOf(name);
  const start = lines.findIndex((line) => line.trim() === first);
  if (start < 0) return { rest: lines };
  const end = lines.findIndex((line, index) => index > start && line.trim() === last);
  if (end < 0) throw new SluiceError('FILE_UNFIT', { path, reason: `"${first}" has no end` });
  return { rest: [...lines.slice(0, start), ...lines.slice(end + 1)], at: start };
}
