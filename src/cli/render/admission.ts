import { printable, type AdmissionReason } from '../../base/index.js';
import type { AdmissionReport } from '../api.js';
import { filesText, phraseText, say, type TextKey } from '../texts/index.js';
import type { Look } from './look.js';
import { displayWidth, truncateMiddle, wrap } from './width.js';

const VERDICTS = {
  pass: 'admit.pass',
  warn: 'admit.warn',
  refuse: 'admit.refuse',
  waived: 'admit.waived',
} as const satisfies Readonly<Record<AdmissionReason['verdict'], TextKey>>;

/** Longer lines are hard to read on any screen. */
const WIDEST = 100;

/** A decision reason by reason: rule and file, and below it what is and what is allowed. The verdict stands at the end. */
export function renderAdmission(report: AdmissionReport, look: Look, columns: number): readonly string[] {
  const { lang, style, signs } = look;
  const { decision, target } = report;
  const width = Math.min(columns, WIDEST);
  const isIn = decision.verdict === 'admitted';
  const values = { target, policy: decision.policy, files: filesText(lang, report.files) };
  const text = say(lang, isIn ? 'admit.admitted' : 'admit.refused', values);
  const sign = isIn ? style.green(signs.done) : style.red(signs.fail);
  const end = wrap(text, width - 2).map((line, index) => `${index === 0 ? sign : ' '} ${style.bold(line)}`);
  const told = decision.reasons.filter((reason) => !isSaidAlready(reason, decision.reasons));
  return [...told.flatMap((reason) => reasonLines(reason, look, width)), ...end];
}

/** A verdict of the scanner says no more than a finding of the same weight that stands above it. */
function isSaidAlready({ rule, path, verdict }: AdmissionReason, reasons: readonly AdmissionReason[]): boolean {
  if (rule !== 'REVIEW' && rule !== 'ERROR') return false;
  return reasons.some((other) => other.path === path && other.verdict === verdict && other.rule !== rule);
}

function reasonLines(reason: AdmissionReason, look: Look, width: number): readonly string[] {
  const { lang, style, signs } = look;
  const { verdict, rule, path, value, threshold, waiver } = reason;
  const word = say(lang, VERDICTS[verdict]);
  const marks = { pass: style.green(signs.done), warn: style.yellow(signs.warn), refuse: style.red(signs.fail) };
  const mark = verdict === 'waived' ? style.yellow(signs.dot) : marks[verdict];
  const room = Math.max(12, width - 6 - displayWidth(word) - displayWidth(rule));
  const about = path === undefined ? '' : `  ${truncateMiddle(printable(path), room, signs.ellipsis)}`;
  const told = { value: value === rule ? undefined : phraseText(lang, value), threshold: phraseText(lang, threshold) };
  const lines = wrap(say(lang, 'admit.reason', told), width - 4);
  const excuse =
    waiver === undefined
      ? []
      : wrap(
          say(lang, 'admit.waiver', { owner: waiver.owner, day: new Date(waiver.untilMs).toISOString().slice(0, 10) }),
          width - 4,
        );
  return [
    `${mark} ${word}  ${style.bold(rule)}${about}`,
    ...[...lines, ...excuse].map((line) => `    ${style.dim(line)}`),
  ];
}
