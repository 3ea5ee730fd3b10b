import { printable, signatureReason } from '../../base/index.js';
import type { TrustReport } from '../api.js';
import { say } from '../texts/index.js';
import type { Look } from './look.js';
import { wrap } from './width.js';

const MOST_UNVERIFIED = 10;

/** Who signed, and what the policy made of it. That it was refused is said by the error that follows. */
export function renderTrust(report: TrustReport, { lang, style, signs }: Look, columns: number): readonly string[] {
  const { subject, rule, level, verdict } = report;
  const lines: string[] = [];
  const add = (mark: string, indent: string, text: string, paint = (line: string): string => line): void => {
    const [first = '', ...rest] = wrap(printable(text), Math.max(20, columns - indent.length - 2));
    lines.push(`${indent}${mark} ${paint(first)}`, ...rest.map((line) => `${indent}  ${paint(line)}`));
  };
  if (verdict === 'accepted') add(style.green(signs.done), '', say(lang, 'trust.accepted', { subject, rule, level }));
  if (verdict === 'skipped') add(style.yellow(signs.warn), '', say(lang, 'trust.skipped', { subject, rule }));
  for (const { method, signer } of report.accepted) {
    const time =
      signer.signedAtMs === undefined ? undefined : new Date(signer.signedAtMs).toISOString().slice(0, 19) + 'Z';
    add(' ', '  ', say(lang, 'trust.signedBy', { identity: signer.identity }));
    const how = { method, algorithm: signer.algorithm, time, from: signer.timeFrom };
    add(' ', '  ', say(lang, 'trust.how', how), style.dim);
  }
  for (const { source, reason } of report.refused)
    add(style.yellow(signs.warn), '  ', say(lang, 'trust.refused', { source, reason: signatureReason(reason, lang) }));
  for (const path of report.unverified.slice(0, MOST_UNVERIFIED))
    add(style.yellow(signs.warn), '  ', say(lang, 'trust.unverified', { path }));
  if (report.unverified.length > MOST_UNVERIFIED)
    add(' ', '  ', say(lang, 'progress.more', { count: report.unverified.length - MOST_UNVERIFIED }));
  for (const text of report.warnings) add(style.yellow(signs.warn), '  ', say(lang, 'trust.warning', { text }));
  return lines;
}
