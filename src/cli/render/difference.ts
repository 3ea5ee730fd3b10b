import { printable, redact } from '../../base/index.js';
import { diffLines } from './diff-lines.js';
import type { Look } from './look.js';
import { wrap } from './width.js';

/** Settings of clients that hold passwords (`//host/:_authToken=` of npm, `password =` of others), up to their value. */
const SECRET = /^(.*(?:_auth|_authtoken|_password|password|passwd|secret|token)["']?\s*[=:]\s*).+$/i;

/** What an edit takes away and adds, with the lines around it; secrets of other lines are not shown. */
export function differenceLines(before: Buffer | undefined, after: Buffer | undefined): readonly string[] {
  const stretches = diffLines(splitLines(before), splitLines(after));
  return stretches.flatMap((stretch, index) => [
    ...(index > 0 ? ['…'] : []),
    ...stretch.map(({ sign, text }) => `${sign} ${shown(text)}`),
  ]);
}

/** The same for people: no wider than the terminal, what a line goes on with stands further in. */
export function paintDifference(lines: readonly string[], look: Look, columns: number): readonly string[] {
  const { style } = look;
  return lines.flatMap((line) => {
    const paint = line.startsWith('+') ? style.green : line.startsWith('-') ? style.red : style.dim;
    const [, lead = '', text = ''] = /^(. ?\s*)(.*)$/.exec(line) ?? [];
    const [first = '', ...rest] = wrap(text, Math.max(20, columns - lead.length - 4));
    return [`  ${paint(lead + first)}`, ...rest.map((more) => `  ${' '.repeat(lead.length + 2)}${paint(more)}`)];
  });
}

function splitLines(bytes: Buffer | undefined): readonly string[] {
  const lines = (bytes ?? Buffer.alloc(0)).toString('utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function shown(text: string): string {
  return printable(redact(text.replace(/\r$/, '').replaceAll('\t', '    '))).replace(SECRET, '$1***');
}
