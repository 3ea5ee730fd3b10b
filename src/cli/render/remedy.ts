import { formatBytes, formatRate } from '../../base/index.js';
import type { Change, NoteCode, Proposal, RemedyRecord, Undone } from '../../doctor/index.js';
import { say } from '../texts/index.js';
import { localTime } from './ago.js';
import { differenceLines, paintDifference } from './difference.js';
import type { Look } from './look.js';
import { shortTime } from './short-time.js';
import { renderTable } from './table.js';
import { wrap } from './width.js';

/** Every name that `--remedy` takes, in the order in which they are listed. */
export const REMEDY_NAMES = [
  ...(['kernel', 'mirrors', 'pip', 'npm', 'git', 'docker', 'containerd'] as const),
  ...(['huggingface', 'modelscope', 'clean'] as const),
] as const;

/** What would change, or was changed; the command that does the next step stands last. */
export function renderProposal(
  proposal: Proposal,
  next: { readonly isApplied: boolean; readonly command: string },
  look: Look,
  columns: number,
): readonly string[] {
  const { lang, style, signs } = look;
  const { remedy, changes, commands } = proposal;
  const notes = proposal.notes.flatMap(({ code, values }) =>
    wrap(say(lang, `note.${code satisfies NoteCode}`, shownValues(values)), columns - 2).map((line, index) =>
      style.dim(`${index === 0 ? signs.dot : ' '} ${line}`),
    ),
  );
  if (changes.length === 0) return [`${style.green(signs.done)} ${say(lang, 'remedy.nothing', { remedy })}`, ...notes];
  const title = next.isApplied
    ? `${style.green(signs.done)} ${style.bold(say(lang, 'remedy.did', { remedy }))}`
    : style.bold(say(lang, 'remedy.would', { remedy }));
  const then = commands.flatMap((command) => [say(lang, 'remedy.then'), `    ${style.cyan(command)}`]);
  const ask = say(lang, next.isApplied ? 'remedy.toUndo' : 'remedy.toApply');
  const parts = [
    [title, ...notes],
    ...changeLines(changes, look, columns),
    [...then, ask, `    ${style.cyan(next.command)}`],
  ];
  return parts.flatMap((part, index) => (index === 0 ? part : ['', ...part]));
}

/** One part for each file, and one for the values of the kernel. */
function changeLines(changes: readonly Change[], look: Look, columns: number): readonly (readonly string[])[] {
  const { lang, style } = look;
  const files = changes.filter(({ kind }) => kind === 'file');
  const values = changes.filter(({ kind }) => kind === 'value');
  const parts = files.map(({ path, before, after }) => [
    style.bold(path) + (before === undefined ? style.dim(` (${say(lang, 'remedy.new')})`) : ''),
    ...paintDifference(differenceLines(before?.bytes, after.bytes), look, columns),
  ]);
  if (values.length === 0) return parts;
  const rows = values.map(({ path, before, after }) => [
    settingName(path),
    valueText(before?.bytes),
    valueText(after.bytes),
  ]);
  const titles = [
    { title: say(lang, 'remedy.value'), shrinkTo: 12 },
    { title: say(lang, 'remedy.before'), shrinkTo: 8 },
    { title: say(lang, 'remedy.after'), style: style.green },
  ];
  return [
    ...parts,
    [style.bold(say(lang, 'remedy.now')), ...renderTable(titles, rows, look, columns - 2).map((line) => `  ${line}`)],
  ];
}

/** `net.ipv4.tcp_rmem`, as sysctl has it; devices by their queue. */
export function settingName(path: string): string {
  const [, name] = /\/proc\/sys\/(.+)$/.exec(path) ?? [];
  if (name !== undefined) return name.replaceAll('/', '.');
  return path.replace(/^.*\/sys\/block\/([^/]+)\/queue\//, '$1 ');
}

/** A choice as the one that is chosen. */
export function valueText(bytes: Buffer | undefined): string {
  const text = (bytes ?? Buffer.alloc(0)).toString('latin1').trim().replaceAll(/\s+/g, ' ');
  return /\[([^\]]+)\]/.exec(text)?.[1] ?? text;
}

function shownValues(values: Readonly<Record<string, string | number>>): Readonly<Record<string, string | number>> {
  const text = (name: string, value: number): string | number =>
    name === 'bytes'
      ? formatBytes(value)
      : name === 'rate'
        ? formatRate(value)
        : name === 'ms'
          ? shortTime(value)
          : value;
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'number' ? text(name, value) : value]),
  );
}

/** Those known, then those applied. */
export function renderRemedies(records: readonly RemedyRecord[], look: Look, columns: number): readonly string[] {
  const { lang, style } = look;
  const known = renderTable(
    [
      { title: '', style: style.cyan },
      { title: '', shrinkTo: 10, cut: 'end' },
    ],
    REMEDY_NAMES.map((name) => [name, say(lang, `remedy.${name}`)]),
    look,
    columns - 2,
  );
  const titles = (['remedy.number', 'remedy.name', 'remedy.when', 'remedy.files'] as const).map((key) =>
    say(lang, key),
  );
  const rows = records.map(({ id, remedy, atMs, changes, state }) => [
    ...[id, remedy, localTime(atMs), String(changes.length)],
    state === 'applying' ? say(lang, 'remedy.unfinished') : '',
  ]);
  const applied = renderTable(
    [...titles, ''].map((title) => ({ title })),
    rows,
    look,
    columns - 2,
  );
  const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);
  return [
    ...[style.bold(say(lang, 'remedy.list')), ...indented(known)],
    ...wrap(say(lang, 'remedy.listCommand'), columns - 2).map((line) => style.dim(`  ${line}`)),
    '',
    ...(records.length === 0
      ? [say(lang, 'remedy.noneApplied')]
      : [style.bold(say(lang, 'remedy.applied')), ...indented(applied)]),
  ];
}

/** That it was undone; or what others changed since, file by file. */
export function renderUndone({ record, steps, isDone }: Undone, look: Look, columns: number): readonly string[] {
  const { lang, style, signs } = look;
  const { remedy, id } = record;
  if (isDone) return [`${style.green(signs.done)} ${say(lang, 'remedy.undone', { remedy, id })}`];
  const changed = steps.filter(({ state }) => state === 'changed');
  return [
    style.bold(say(lang, 'remedy.notUndone', { remedy, id })),
    ...changed.flatMap(({ change, now }) => [
      '',
      style.bold(change.path),
      ...paintDifference(differenceLines(change.after.bytes, now?.bytes), look, columns),
    ]),
  ];
}
