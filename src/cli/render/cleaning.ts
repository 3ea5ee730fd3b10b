import { formatBytes, printable } from '../../base/index.js';
import type { CleaningReport } from '../../doctor/index.js';
import { say } from '../texts/index.js';
import { renderAgo } from './ago.js';
import { renderGarbage } from './garbage.js';
import type { Look } from './look.js';
import { renderTable } from './table.js';
import { wrap } from './width.js';

/** What can go, or went, from the store and from other tools' caches. */
export function renderCleaning(
  report: CleaningReport,
  command: string,
  look: Look,
  columns: number,
  nowMs: number,
): readonly string[] {
  const { lang, style, signs } = look;
  const rows = report.leftovers.map(({ tool, paths, bytes, usedAtMs }) => [
    ...[formatBytes(bytes), tool, renderAgo(usedAtMs, nowMs, lang)],
    printable(paths[0] ?? ''),
  ]);
  const titles = [
    { title: say(lang, 'gc.size'), align: 'right' as const },
    { title: say(lang, 'clean.tool') },
    { title: say(lang, 'gc.used') },
    { title: say(lang, 'gc.name'), shrinkTo: 12 },
  ];
  const foreign =
    rows.length === 0
      ? [say(lang, 'clean.noForeign')]
      : [style.bold(say(lang, 'clean.foreign')), ...renderTable(titles, rows, look, columns)];
  const failures = report.failures.flatMap(({ path, message }) =>
    wrap(say(lang, 'clean.failed', { path, reason: message }), columns - 2).map((line, index) =>
      index === 0 ? `${style.red(signs.fail)} ${line}` : `  ${line}`,
    ),
  );
  const bytes = formatBytes(report.freedBytes);
  const end = report.applied
    ? [style.bold(say(lang, 'clean.done', { bytes }))]
    : report.leftovers.length + report.store.items.length === 0
      ? []
      : [style.bold(say(lang, 'clean.would', { bytes })), `    ${style.cyan(command)}`];
  const store = [style.bold(say(lang, 'clean.store')), ...renderGarbage(report.store, look, columns, nowMs)];
  return [...store, '', ...foreign, ...failures, ...(end.length === 0 ? [] : ['', ...end])];
}
