import { formatBytes, printable } from '../../base/index.js';
import type { HeldModel } from '../api.js';
import { say } from '../texts/index.js';
import { renderAgo } from './ago.js';
import type { Look } from './look.js';
import { renderTable } from './table.js';

export function renderListing(
  models: readonly HeldModel[],
  look: Look,
  columns: number,
  nowMs: number,
): readonly string[] {
  const { lang, style } = look;
  const rows = models.map((model) => [
    printable(model.ref),
    formatBytes(model.bytes),
    String(model.files),
    model.commit.slice(0, 8),
    renderAgo(model.pulledAtMs, nowMs, lang),
    model.view,
    model.state === 'complete' ? printable(model.path) : say(lang, 'where.incomplete'),
  ]);
  const table = renderTable(
    [
      { title: say(lang, 'ls.ref'), shrinkTo: 24, style: style.bold },
      { title: say(lang, 'ls.size'), align: 'right' },
      { title: say(lang, 'ls.files'), align: 'right' },
      { title: say(lang, 'ls.commit') },
      { title: say(lang, 'ls.pulled') },
      { title: say(lang, 'ls.view') },
      { title: say(lang, 'ls.path'), shrinkTo: 16, style: style.dim },
    ],
    rows,
    look,
    columns,
  );
  if (models.length < 2) return table;
  const bytes = formatBytes(models.reduce((sum, model) => sum + model.addedBytes, 0));
  return [...table, style.dim(say(lang, 'ls.total', { models: models.length, bytes }))];
}
