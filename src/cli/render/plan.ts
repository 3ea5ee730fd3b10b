import { formatBytes, printable, type PlanSummary } from '../../base/index.js';
import { filesText, say } from '../texts/index.js';
import { agreementLines, placeLines } from './elsewhere.js';
import type { Look } from './look.js';
import { displayWidth, padEnd, truncateMiddle, wrap } from './width.js';

type Paint = (text: string) => string;

const MOST_REFUSED = 5;

/** What a pull would do, as a list of facts. */
export function renderPlan(ref: string, plan: PlanSummary, look: Look, columns: number): readonly string[] {
  const { lang, style, signs } = look;
  const unknown = say(lang, 'plan.unknown');
  const bytes = (value: number | null): string => (value === null ? unknown : formatBytes(value));
  const short = plan.diskNeedBytes > plan.diskFreeBytes;
  const disk = say(lang, short ? 'plan.diskShort' : 'plan.diskValue', {
    need: formatBytes(plan.diskNeedBytes),
    free: formatBytes(plan.diskFreeBytes),
  });
  const facts: readonly (readonly [string, string, Paint?])[] = [
    [say(lang, 'plan.bring'), `${filesText(lang, plan.files)}${lang === 'zh' ? '，' : ', '}${bytes(plan.totalBytes)}`],
    [say(lang, 'plan.have'), bytes(plan.haveBytes)],
    [say(lang, 'plan.resume'), bytes(plan.resumeBytes)],
    [say(lang, 'plan.fetch'), bytes(plan.fetchBytes), style.bold],
    [say(lang, 'plan.requests'), String(plan.requests)],
    [say(lang, 'plan.sources'), printable(plan.sources.join(', '))],
    ...placeLines(plan.elsewhere ?? [], look).map((line, index): readonly [string, string] => [
      index === 0 ? say(lang, 'plan.elsewhere') : '',
      line,
    ]),
    ...refusedRows(plan, look),
    [say(lang, 'plan.disk'), disk, short ? style.red : (text) => text],
    [say(lang, 'plan.view'), plan.view],
    [say(lang, 'plan.target'), printable(plan.target)],
  ];
  const labelWidth = Math.max(...facts.map(([label]) => displayWidth(label)));
  const room = Math.max(10, columns - labelWidth - 5);
  return [
    style.bold(say(lang, 'plan.title', { ref })),
    ...facts.flatMap(([label, value, paint = (text: string) => text]) =>
      fitted(value, room, signs.ellipsis).map(
        (line, index) => `  ${style.dim(padEnd(index === 0 ? label : '', labelWidth))}  ${paint(line)}`,
      ),
    ),
    ...fileLines(plan, look, columns),
  ];
}

/** What was refused here before will be again, unless something has changed: bytes that are here are not all that it takes. */
function refusedRows(
  { refused = [] }: PlanSummary,
  { lang, style }: Look,
): readonly (readonly [string, string, Paint])[] {
  const told = refused
    .slice(0, MOST_REFUSED)
    .map(({ path, policy, rule }, index): readonly [string, string, Paint] => [
      index === 0 ? say(lang, 'plan.refused') : '',
      say(lang, 'plan.refusedBy', { path, policy, rule }),
      style.red,
    ]);
  const more = refused.length - told.length;
  return more <= 0 ? told : [...told, ['', say(lang, 'progress.more', { count: more }), style.red]];
}

/** Sentences are wrapped; of a path its two ends say most. */
function fitted(value: string, room: number, ellipsis: string): readonly string[] {
  if (!Number.isFinite(room)) return [value];
  return (value.includes('/') && !value.includes(' ') ? [value] : wrap(value, room)).map((line) =>
    truncateMiddle(line, room, ellipsis),
  );
}

function fileLines({ elsewhere = [] }: PlanSummary, look: Look, columns: number): readonly string[] {
  const lines = agreementLines(elsewhere, look, columns - 2);
  if (lines.length === 0) return [];
  return ['', look.style.bold(say(look.lang, 'plan.files')), ...lines.map((line) => `  ${line}`)];
}
