import { formatBytes, formatDuration, printable } from '../../base/index.js';
import type { Finding, RepairReport, VerifyReport } from '../api.js';
import { filesText, say } from '../texts/index.js';
import type { Look } from './look.js';
import { renderTable } from './table.js';

/** Findings, or that there are none. That something is wrong is said by the error that follows. */
export function renderVerification(report: VerifyReport, look: Look, columns: number): readonly string[] {
  const { lang, style, signs } = look;
  const { target } = report;
  const bad = report.findings.filter((finding) => finding.problem !== 'unknown').length;
  const time = formatDuration(report.ms);
  const files = filesText(lang, report.files);
  const rows = findingRows(report.findings, look, columns);
  if (bad > 0) return rows;
  if (report.findings.length > 0) {
    const values = { target, files, count: report.findings.length };
    return [...rows, `${style.yellow(signs.warn)} ${say(lang, 'verify.some', values)}`];
  }
  const values = { target, files, bytes: formatBytes(report.bytes), time };
  return [`${style.green(signs.done)} ${say(lang, 'verify.good', values)}`];
}

export function renderRepair(report: RepairReport, look: Look, columns: number): readonly string[] {
  const { lang, style, signs } = look;
  const { target } = report;
  const rows = [
    ...report.repaired.map((path) => `${style.green(signs.done)} ${printable(path)}`),
    ...findingRows(report.left, look, columns),
  ];
  if (report.repaired.length === 0 && report.left.length === 0) {
    const files = filesText(lang, report.files);
    return [`${style.green(signs.done)} ${say(lang, 'repair.nothing', { target, files })}`];
  }
  const values = {
    target,
    count: report.repaired.length,
    bytes: formatBytes(report.fetchedBytes),
    time: formatDuration(report.ms),
  };
  return [...rows, say(lang, 'repair.done', values)];
}

function findingRows(findings: readonly Finding[], look: Look, columns: number): readonly string[] {
  const { lang, style } = look;
  const problems = {
    wrong: 'verify.wrong',
    missing: 'verify.missing',
    unreadable: 'verify.unreadable',
    unknown: 'verify.unknown',
  } as const;
  const rows = findings.map((finding) => [
    say(lang, problems[finding.problem]),
    printable(finding.path),
    printable(finding.detail ?? ''),
  ]);
  return renderTable(
    [
      { title: '', style: style.yellow },
      { title: '', shrinkTo: 20 },
      { title: '', shrinkTo: 10, cut: 'end', style: style.dim },
    ],
    rows,
    look,
    columns,
  );
}
