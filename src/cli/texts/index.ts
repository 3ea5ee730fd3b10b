import { fill, printable, type ErrorCode, type Lang } from '../../base/index.js';
import { en, type TextKey } from './en.js';
import { reasonsEn, reasonsZh } from './reasons.js';
import { systemReason } from './system-reasons.js';
import { zh } from './zh.js';

export type { TextKey } from './en.js';
export { phraseText } from './phrases.js';

const TABLES: Readonly<Record<Lang, Readonly<Record<TextKey, string>>>> = { en, zh };
const REASONS: Readonly<Record<Lang, Readonly<Record<ErrorCode, string>>>> = { en: reasonsEn, zh: reasonsZh };

type Values = Readonly<Record<string, string | number | undefined>>;

/** A text of the command line; a value that is undefined counts as missing. Values come from servers: none may move the cursor. */
export function say(lang: Lang, key: TextKey, values: Values = {}): string {
  const present = Object.entries(values).filter((entry): entry is [string, string | number] => entry[1] !== undefined);
  const safe = present.map(([name, value]) => [name, typeof value === 'string' ? printable(value) : value] as const);
  return fill(TABLES[lang][key], Object.fromEntries(safe));
}

/** An error in a few words, for notices. */
export function reasonText(lang: Lang, code: ErrorCode): string {
  return REASONS[lang][code];
}

/** What a code means, of a system's or of ours; undefined for others, and for ours in English, whose messages say it themselves. */
export function knownReason(lang: Lang, code: string): string | undefined {
  const ours: Readonly<Record<string, string>> = reasonsZh;
  return systemReason(lang, code) ?? (lang === 'zh' && Object.hasOwn(ours, code) ? ours[code] : undefined);
}

/** Why requests for a piece were given up or begun anew, as its record names it; what is not in here came from a source and stands as it is. */
const RETRY_REASONS_ZH: Readonly<Record<string, string>> = {
  'slow edge': '节点慢',
  'too many': '连接过多',
  silent: '无数据',
  'sooner elsewhere': '另处更快',
  resumed: '续传',
};

export function retriesText(lang: Lang, count: number, reason?: string): string {
  const known = lang === 'zh' && reason !== undefined && Object.hasOwn(RETRY_REASONS_ZH, reason);
  const told = known ? RETRY_REASONS_ZH[reason] : reason;
  return say(lang, count === 1 ? 'explain.retry' : 'explain.retries', { count, reason: told });
}

export function filesText(lang: Lang, count: number): string {
  return say(lang, count === 1 ? 'files.one' : 'files.many', { count });
}

/** Digests by the names that people know them by. */
const CHECK_NAMES: Readonly<Record<string, string>> = {
  sha256: 'SHA-256',
  sha512: 'SHA-512',
  gitSha1: 'git id',
  sha1: 'SHA-1',
  md5: 'MD5',
  crc32c: 'CRC-32C',
  crc32: 'CRC-32',
  pieces: 'SHA-256 of every piece',
  xet: 'Xet file id',
};

export function checksText(checks: readonly string[]): string {
  return checks.map((check) => CHECK_NAMES[check] ?? check).join(', ');
}
