import { formatBytes, formatDuration, printable } from '../../base/index.js';
import { RULES, type Finding, type Severity, type Verdict } from '../../scan/index.js';
import type { ScannedFile, ScanReport } from '../api.js';
import { filesText, phraseText, say, type TextKey } from '../texts/index.js';
import type { Look } from './look.js';
import { padEnd, truncateMiddle, wrap } from './width.js';

const WORDS = {
  CLEAN: 'scan.clean',
  REVIEW: 'scan.review',
  NOT_SCANNED: 'scan.notScanned',
  FINDINGS: 'scan.findings',
  ERROR: 'scan.error',
} as const satisfies Readonly<Record<Verdict, TextKey>>;

const SEVERITIES_ZH = {
  critical: '严重',
  high: '高危',
  medium: '中等',
  low: '较低',
  info: '提示',
} as const satisfies Readonly<Record<Severity, string>>;

/** From what has to be seen first. */
const ORDER: readonly Verdict[] = ['FINDINGS', 'ERROR', 'REVIEW', 'NOT_SCANNED'];
const MOST_FINDINGS_EACH = 6;
/** Longer lines are hard to read on any screen. */
const WIDEST = 100;

/** What was found, the worst first, each rule explained once; what is clean in one line. */
export function renderScan({ target, place, files, ms }: ScanReport, look: Look, columns: number): readonly string[] {
  const { lang, style, signs } = look;
  const width = Math.min(columns, WIDEST);
  const told = ORDER.flatMap((verdict) => files.filter(({ scan }) => scan.verdict === verdict));
  const lines = [style.bold(truncateMiddle(printable(target), width, signs.ellipsis))];
  const explained = new Set<string>();
  for (const file of told) lines.push(...fileLines(file, explained, look, width));
  const clean = files.filter(({ scan }) => scan.verdict === 'CLEAN');
  const bytes = formatBytes(files.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0));
  if (clean.length > 0) {
    const kinds = [...new Set(clean.flatMap(({ scan }) => scan.formats))].sort().join(', ');
    const text = say(lang, 'scan.cleanFiles', { files: filesText(lang, clean.length), kinds: kinds || undefined });
    lines.push(...hang(style.green(signs.done), wrap(text, width - 2)));
  }
  const values = { files: filesText(lang, files.length), bytes, time: formatDuration(ms) };
  lines.push(...wrap(say(lang, 'scan.sum', values), width).map(style.dim));
  if (place === 'remote') lines.push(...wrap(say(lang, 'scan.remote'), width).map(style.dim));
  return lines;
}

function fileLines(
  { path, sizeBytes, scan }: ScannedFile,
  explained: Set<string>,
  look: Look,
  width: number,
): readonly string[] {
  const { lang, style, signs } = look;
  const isBad = scan.verdict === 'FINDINGS' || scan.verdict === 'ERROR';
  const sign = isBad ? style.red(signs.fail) : style.yellow(signs.warn);
  const word = padEnd(say(lang, WORDS[scan.verdict]), 12);
  const about = [scan.formats.join('+'), sizeBytes === null ? '' : formatBytes(sizeBytes)].filter(
    (each) => each !== '',
  );
  const aside = about.length === 0 ? '' : `  ${about.join(` ${signs.dot} `)}`;
  const room = Math.max(16, width - 15 - aside.length);
  const name = truncateMiddle(printable(path), room, signs.ellipsis);
  const lines = [`${sign} ${isBad ? style.red(word) : style.yellow(word)} ${style.bold(name)}${style.dim(aside)}`];
  for (const finding of scan.findings.slice(0, MOST_FINDINGS_EACH)) {
    lines.push(
      ...wrap(findingText(finding, lang), width - 4).map((line, index) => `${index === 0 ? '  ' : '    '}${line}`),
    );
    if (explained.has(finding.rule)) continue;
    explained.add(finding.rule);
    const words = explanationOf(finding.rule, lang);
    if (words !== undefined) lines.push(...wrap(words, width - 6).map((line) => `      ${style.dim(line)}`));
  }
  const more = scan.findings.length - MOST_FINDINGS_EACH;
  if (more > 0) lines.push(`  ${style.dim(say(lang, 'scan.more', { count: more }))}`);
  return lines;
}

function findingText({ rule, severity, evidence, members, offsetBytes }: Finding, lang: Look['lang']): string {
  const place = placeText(members, offsetBytes, lang);
  const head = lang === 'zh' ? `${rule}（${SEVERITIES_ZH[severity]}）：` : `${rule} (${severity}): `;
  return printable(`${head}${phraseText(lang, evidence)}${place === '' ? '' : ` [${place}]`}`);
}

/** The first byte says nothing. */
function placeText(members: readonly string[], offset: number | undefined, lang: Look['lang']): string {
  if (members.length > 0) return say(lang, 'scan.place', { members: members.join(' › '), offset });
  return offset === undefined || offset === 0 ? '' : say(lang, 'scan.offset', { offset });
}

/** Why a rule matters, and where it is known from. */
function explanationOf(rule: string, lang: Look['lang']): string | undefined {
  const known = Object.hasOwn(RULES, rule) ? RULES[rule as keyof typeof RULES] : undefined;
  if (known === undefined) return undefined;
  const references = known.references.slice(0, 3).join(lang === 'zh' ? '、' : ', ');
  if (references === '') return known[lang];
  return lang === 'zh' ? `${known.zh}（${references}）` : `${known.en} (${references})`;
}

function hang(sign: string, lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => `${index === 0 ? sign : ' '} ${line}`);
}
