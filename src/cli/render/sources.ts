import { formatBytes, formatRate, printable } from '../../base/index.js';
import type { SourceReport, SourcesReport } from '../../doctor/index.js';
import { say, type TextKey } from '../texts/index.js';
import { failureReason } from './failure-reason.js';
import type { Look } from './look.js';
import { shortTime } from './short-time.js';
import { renderTable, type Column } from './table.js';
import { wrap } from './width.js';

/** Longer sentences are hard to read on any screen; the table is as wide as it needs. */
const WIDEST = 80;

/** Best first, with what speaks against each below the table. */
export function renderSources(
  { file, subject, sources }: SourcesReport,
  look: Look,
  columns: number,
): readonly string[] {
  const { lang, style, signs } = look;
  const width = Math.min(columns, WIDEST);
  const title = (key: TextKey, align: Column['align'] = 'right'): Column => ({ title: say(lang, key), align });
  const heads: readonly Column[] = [
    { title: '' },
    { ...title('sources.source', 'left'), shrinkTo: 16 },
    title('sources.answer'),
    title('sources.rate'),
    title('sources.stability'),
    { ...title('sources.ref', 'left'), shrinkTo: 12, style: style.dim },
  ];
  const rows = sources.map(({ source, ref, answerMs, bytesPerSecond, stability, score }, index) => [
    score > 0 ? String(index + 1) : signs.fail,
    printable(source),
    answerMs.length === 0 ? signs.dash : shortTime(middle(answerMs)),
    bytesPerSecond === undefined ? signs.dash : formatRate(bytesPerSecond),
    `${Math.round(stability * 100)} %`,
    printable(ref),
  ]);
  const notes = sources.flatMap((source) =>
    complaints(source, look).flatMap((text) =>
      wrap(`${printable(source.source)}: ${text}`, width - 2).map(
        (line, at) => `${at === 0 ? style.yellow(signs.warn) : ' '} ${line}`,
      ),
    ),
  );
  const about =
    file === undefined
      ? []
      : wrap(
          say(lang, 'sources.file', { ref: subject, file: printable(file.path), size: formatBytes(file.sizeBytes) }),
          width,
        );
  return [
    ...about.map(style.bold),
    ...renderTable(heads, rows, look, columns),
    ...(notes.length > 0 ? ['', ...notes] : []),
  ];
}

function complaints({ honesty, agrees, failures, answerMs }: SourceReport, { lang }: Look): readonly string[] {
  const { pinsCommits, servesRanges, sendsTo = '', sharesWith, rightBytes } = honesty;
  const last = failures.at(-1);
  return [
    ...(rightBytes === false ? [say(lang, 'sources.wrongBytes')] : []),
    ...(agrees === false ? [say(lang, 'sources.differs')] : []),
    ...(last === undefined
      ? []
      : [
          say(lang, 'sources.failures', {
            ...{ count: failures.length, total: failures.length + answerMs.length },
            ...{ reason: failureReason(lang, last.message, last.code) },
          }),
        ]),
    ...(servesRanges === false ? [say(lang, 'sources.noRanges')] : []),
    ...(pinsCommits === false ? [say(lang, 'sources.noCommits')] : []),
    ...(sharesWith === undefined ? [] : [say(lang, 'sources.sharesWith', { host: sendsTo, other: sharesWith })]),
  ];
}

function middle(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}
