import { formatBytes, formatDuration, formatRate, printable } from '../../base/index.js';
import type { PieceRecord } from '../../transfer/index.js';
import type { Explanation, RecordedFile, SourceShare } from '../api.js';
import { checksText, retriesText, say } from '../texts/index.js';
import { localTime } from './ago.js';
import { renderBar } from './bar.js';
import { agreementLines, placeLines } from './elsewhere.js';
import { decisionText } from './decision.js';
import type { Look } from './look.js';
import { renderTable } from './table.js';
import { wrap } from './width.js';

export interface ExplanationShape {
  readonly columns: number;
  /** Every piece on a line of its own, instead of runs that came from one source. */
  readonly everyPiece: boolean;
}

/** A finished pull: when and how, what each source gave, and where every piece of every file came from. */
export function renderExplanation(it: Explanation, look: Look, shape: ExplanationShape): readonly string[] {
  const { lang, style } = look;
  const when = say(lang, 'explain.when', {
    date: localTime(it.startedAtMs),
    time: formatDuration(it.ms),
    requests: it.requests,
    view: it.view,
    path: it.path,
  });
  const whenLines = Number.isFinite(shape.columns) ? wrap(when, shape.columns - 2) : [when];
  return [
    style.bold(say(lang, 'explain.pull', { id: it.id, ref: it.ref, commit: it.commit.slice(0, 12) })),
    ...whenLines.map((line) => `  ${line}`),
    ...(it.error === undefined ? [] : [`  ${style.red(say(lang, 'explain.failed', { reason: it.error }))}`]),
    '',
    style.bold(say(lang, 'explain.sources')),
    ...sourceLines(it.sources, look, shape),
    ...elsewhereLines(it, look, shape),
    '',
    style.bold(say(lang, 'explain.files')),
    ...it.files.flatMap((file) => fileLines(file, look, shape)),
    ...decisionLines(it, look, shape),
  ];
}

function elsewhereLines({ elsewhere }: Explanation, look: Look, { columns }: ExplanationShape): readonly string[] {
  if (elsewhere.length === 0) return [];
  const places = placeLines(elsewhere, look);
  const wrapped = Number.isFinite(columns) ? places.flatMap((line) => wrap(line, columns - 2)) : places;
  const lines = [...wrapped, ...agreementLines(elsewhere, look, columns - 2)];
  return ['', look.style.bold(say(look.lang, 'explain.elsewhere')), ...lines.map((line) => `  ${line}`)];
}

function decisionLines(it: Explanation, { lang, style }: Look, { columns }: ExplanationShape): readonly string[] {
  if (it.decisions.length === 0) return [];
  const lines = it.decisions.map((decision) => {
    const after = formatDuration(Math.max(0, decision.atMs - it.startedAtMs));
    return `+${after}  ${decisionText(decision, lang)}`;
  });
  const wrapped = Number.isFinite(columns) ? lines.flatMap((line) => wrap(line, columns - 2)) : lines;
  return ['', style.bold(say(lang, 'explain.decisions')), ...wrapped.map((line) => `  ${line}`)];
}

function sourceLines(sources: readonly SourceShare[], look: Look, { columns }: ExplanationShape): readonly string[] {
  const { lang } = look;
  const all = sources.reduce((sum, source) => sum + source.bytes, 0);
  const barWidth = columns < 60 ? 8 : 20;
  const sorted = [...sources].sort((a, b) => b.bytes - a.bytes);
  const rows = sorted.map((source) => [
    printable(source.source),
    formatBytes(source.bytes),
    all === 0 ? '' : `${Math.round((source.bytes / all) * 100)}%`,
    source.retries > 0 ? retriesText(lang, source.retries) : '',
  ]);
  const table = renderTable(
    [
      { title: '', shrinkTo: 12 },
      { title: '', align: 'right' },
      { title: '', align: 'right' },
      { title: '', shrinkTo: 8, cut: 'end' },
    ],
    rows,
    look,
    columns - barWidth - 4,
  );
  return table.map(
    (line, index) => `  ${renderBar(all === 0 ? 0 : (sorted[index]?.bytes ?? 0) / all, barWidth, look)}  ${line}`,
  );
}

function fileLines(file: RecordedFile, look: Look, shape: ExplanationShape): readonly string[] {
  const { lang, style, signs } = look;
  const proof =
    file.checks.length === 0
      ? say(lang, 'explain.nochecks', { sha256: file.sha256?.slice(0, 16) })
      : say(lang, 'explain.checks', { checks: checksText(file.checks) });
  const copied =
    file.copiedBytes === undefined ? [] : [say(lang, 'explain.fromHere', { bytes: formatBytes(file.copiedBytes) })];
  // One piece that came at once needs no line of its own: repositories have thousands of such files.
  const [only] = file.pieces;
  const alone = !shape.everyPiece && file.pieces.length === 1 && only?.retries === 0 ? only : undefined;
  const facts = [...(alone === undefined ? [] : [sourceText(alone, look)]), ...copied, proof].join(` ${signs.dot} `);
  const [head = ''] = renderTable(
    [
      { title: '', shrinkTo: 20, style: style.bold },
      { title: '', align: 'right' },
      { title: '', shrinkTo: 8, cut: 'end', style: style.dim },
    ],
    [[printable(file.path), file.sizeBytes === null ? '' : formatBytes(file.sizeBytes), facts]],
    look,
    shape.columns - 2,
  );
  const failure = file.error === undefined ? [] : [`    ${style.red(printable(file.error))}`];
  if (alone !== undefined) return [`  ${head}`, ...failure];
  if (file.pieces.length === 0) {
    return [`  ${head}`, ...(failure.length > 0 ? failure : [`    ${style.dim(say(lang, 'explain.here'))}`])];
  }
  const runs = shape.everyPiece ? file.pieces.map((piece) => [piece]) : runsOf(file.pieces);
  const rows = runs.map((run) => runCells(run, look));
  const table = renderTable(
    [
      { title: '' },
      { title: '', align: 'right' },
      { title: '', shrinkTo: 14 },
      { title: '' },
      { title: '', align: 'right' },
      { title: '', shrinkTo: 8, cut: 'end', style: style.yellow },
    ],
    rows,
    look,
    shape.columns - 4,
  );
  return [`  ${head}`, ...table.map((line) => `    ${line}`), ...failure];
}

/** Neighbouring pieces that came from one source without trouble stand together. */
function runsOf(pieces: readonly PieceRecord[]): readonly (readonly PieceRecord[])[] {
  const runs: PieceRecord[][] = [];
  for (const piece of [...pieces].sort((a, b) => a.startByte - b.startByte)) {
    const last = runs.at(-1)?.at(-1);
    const joins = last?.source === piece.source && last.retries === 0 && piece.retries === 0;
    if (joins) runs.at(-1)?.push(piece);
    else runs.push([piece]);
  }
  return runs;
}

function runCells(run: readonly PieceRecord[], look: Look): readonly string[] {
  const { lang, signs } = look;
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) return [];
  const bytes = run.reduce((sum, piece) => sum + piece.endByte - piece.startByte, 0);
  const startMs = Math.min(...run.map((piece) => piece.atMs - piece.ms));
  const endMs = Math.max(...run.map((piece) => piece.atMs));
  const local = first.source === 'local';
  const values = { from: first.index, to: last.index, dash: signs.dash };
  return [
    say(lang, run.length === 1 ? 'explain.piece' : 'explain.pieces', values),
    formatBytes(bytes),
    sourceText(first, look),
    localTime(endMs).slice(11),
    local || endMs <= startMs ? '' : formatRate((bytes / (endMs - startMs)) * 1000),
    first.retries > 0 ? retriesText(lang, first.retries, first.reason) : '',
  ];
}

function sourceText(piece: PieceRecord, { lang }: Look): string {
  return piece.source === 'local' ? say(lang, 'explain.local') : printable(piece.source);
}
