import type { AdmissionReason, Lang, SluiceEvent } from '../../base/index.js';
import { filesText, say } from '../texts/index.js';

type Decided = Extract<SluiceEvent, { type: 'admission.decided' }>;

const MOST_FILES = 3;
/** Verdicts of whole files; what else is told of one says more. */
const VERDICTS: readonly string[] = ['ERROR', 'REVIEW', 'NOT_SCANNED'];

/** What was let in although something is to be said of it, file by file, what is broken first; what is refused is told by the error. */
export function admissionText({ verdict, ref, files, reasons }: Decided, lang: Lang): string | undefined {
  if (verdict === 'refused' || reasons.length === 0) return undefined;
  const paths = [...new Set(reasons.map(({ path }) => path ?? ref))];
  const about = paths.map((path) => ({ path, rules: rulesOf(reasons, path, ref) }));
  const sorted = about.sort((one, other) => weight(one.rules) - weight(other.rules));
  const told = sorted.slice(0, MOST_FILES).map(({ path, rules }) => {
    const rule = rules.find((each) => !VERDICTS.includes(each)) ?? rules[0];
    return say(lang, 'notice.admissionFile', { path, rule });
  });
  return say(lang, 'notice.admission', {
    count: paths.length,
    files: filesText(lang, files),
    told: told.join(lang === 'zh' ? '、' : ', '),
    more: paths.length > told.length ? paths.length - told.length : undefined,
    ref,
  });
}

function rulesOf(reasons: readonly AdmissionReason[], path: string, ref: string): readonly string[] {
  return reasons.filter((reason) => (reason.path ?? ref) === path).map(({ rule }) => rule);
}

function weight(rules: readonly string[]): number {
  if (rules.includes('ERROR')) return 0;
  return rules.every((rule) => rule === 'NOT_SCANNED') ? 2 : 1;
}
