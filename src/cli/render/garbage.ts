import { formatBytes, printable } from '../../base/index.js';
import type { GarbageReport } from '../api.js';
import { say } from '../texts/index.js';
import { renderAgo } from './ago.js';
import type { Look } from './look.js';
import { renderTable } from './table.js';

const KINDS = { blob: 'gc.blob', partial: 'gc.partial', temporary: 'gc.temporary' } as const;

/** What can be freed, largest first, and the sum. */
export function renderGarbage(report: GarbageReport, look: Look, columns: number, nowMs: number): readonly string[] {
  const { lang, style } = look;
  const kept = formatBytes(report.keptBytes);
  if (report.items.length === 0) return [say(lang, 'gc.nothing', { kept })];
  const rows = [...report.items]
    .sort((a, b) => b.bytes - a.bytes)
    .map((item) => [
      formatBytes(item.bytes),
      say(lang, KINDS[item.kind]),
      item.usedAtMs === undefined ? '' : renderAgo(item.usedAtMs, nowMs, lang),
      printable(item.name),
    ]);
  const table = renderTable(
    [
      { title: say(lang, 'gc.size'), align: 'right' },
      { title: say(lang, 'gc.kind') },
      { title: say(lang, 'gc.used') },
      { title: say(lang, 'gc.name'), shrinkTo: 12 },
    ],
    rows,
    look,
    columns,
  );
  const values = { bytes: formatBytes(report.freedBytes), count: report.items.length, kept };
  return [...table, style.bold(say(lang, report.applied ? 'gc.done' : 'gc.would', values))];
}
