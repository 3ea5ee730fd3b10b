import { fill, formatBytes, formatDuration, formatRate, printable, type Lang } from '../../base/index.js';
import type { Evidence, Finding, Report } from '../../doctor/index.js';
import { CAUSE_TEXTS } from '../texts/causes.js';
import { say } from '../texts/index.js';
import { failureReason } from './failure-reason.js';
import { fitRows } from './fit.js';
import type { Look } from './look.js';
import { measurementLines } from './measurements.js';
import { shortTime } from './short-time.js';
import { displayWidth, padEnd, wrap } from './width.js';

/** Longer lines are hard to read on any screen. */
const WIDEST = 100;

/** What is wrong first, in sentences; then what was measured. */
export function renderDiagnosis(report: Report, look: Look, columns: number): readonly string[] {
  const width = Math.min(columns, WIDEST);
  const { lang, style, signs } = look;
  const { findings, expectedMs, possibleMs, facts } = report;
  const subject = report.subject ?? say(lang, 'doctor.here');
  const lines = findings.flatMap((finding) => [...findingLines(finding, look, width), '']);
  const title = findings.some(({ severity }) => severity !== 'risks')
    ? wrap(say(lang, 'doctor.title', { subject }), width).map(style.bold)
    : wrap(say(lang, 'doctor.healthy', { subject }), width - 2).map(
        (line, index) => `${index === 0 ? style.green(signs.done) : ' '} ${style.bold(line)}`,
      );
  const times =
    expectedMs === undefined || possibleMs === undefined
      ? []
      : wrap(
          say(lang, facts.job.isAssumed ? 'doctor.timeAssumed' : 'doctor.time', {
            bytes: formatBytes(facts.job.sizeBytes),
            expected: formatDuration(expectedMs),
            possible: possibleMs < expectedMs * 0.9 ? formatDuration(possibleMs) : undefined,
          }),
          width,
        );
  return [...title, ...times, '', ...lines, ...measurementLines(facts, look, columns, fitRows(report, look))];
}

function findingLines(finding: Finding, { lang, style, signs }: Look, columns: number): readonly string[] {
  const { cause, severity, share } = finding;
  const { what, seen, remedy } = CAUSE_TEXTS[lang][cause];
  const values = shown(finding.evidence, lang);
  const [sign, paint] =
    severity === 'blocks' || severity === 'unfit'
      ? ([signs.fail, style.red] as const)
      : severity === 'slows'
        ? ([signs.warn, style.yellow] as const)
        : ([signs.dot, style.cyan] as const);
  const percent = Math.round(share * 100);
  const cost =
    percent >= 1
      ? `${lang === 'zh' ? '' : ' '}${say(lang, 'doctor.share', { percent, time: formatDuration(finding.lostMs) })}`
      : '';
  const room = columns - 2;
  const [first = '', ...more] = wrap(fill(what, values) + cost, room);
  return [
    `${paint(sign)} ${style.bold(first)}`,
    ...more.map((line) => `  ${style.bold(line)}`),
    ...wrap(fill(seen, values), room).map((line) => `  ${line}`),
    ...wrap(fill(remedy, values), room - displayWidth(signs.arrow) - 1).map((line, index) =>
      style.dim(`  ${padEnd(index === 0 ? signs.arrow : '', displayWidth(signs.arrow))} ${line}`),
    ),
    ...(finding.command === undefined ? [] : [`    ${style.cyan(finding.command)}`]),
  ];
}

/** Values by what the ends of their names say. */
function shown(evidence: Evidence, lang: Lang): Readonly<Record<string, string | number>> {
  return Object.fromEntries(
    Object.entries(evidence).map(([name, value]) => {
      if (name === 'reason') return [name, printable(failureReason(lang, String(value), String(evidence.code ?? '')))];
      if (typeof value === 'string') return [name, printable(value)];
      if (name.endsWith('Ms')) return [name, shortTime(value)];
      if (name.endsWith('PerSecond')) return [name, formatRate(value)];
      return [name, name.endsWith('Bytes') ? formatBytes(value) : value];
    }),
  );
}
