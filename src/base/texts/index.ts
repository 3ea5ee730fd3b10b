import type { ErrorCode, ErrorDetails } from '../errors.js';
import { errorsEn } from './errors-en.js';
import { errorsZh } from './errors-zh.js';
import { fill } from './fill.js';
import type { Lang } from './lang.js';
import type { SettingName } from '../config/table.js';
import { settingsEn } from './settings-en.js';
import { settingsZh } from './settings-zh.js';
import { signatureReason } from './signature-reasons.js';

export { signatureReason };

/** What happened, and what to do about it, each one sentence or two. */
export interface ErrorText {
  readonly what: string;
  readonly remedy: string;
}

const TABLES: Record<Lang, Record<ErrorCode, ErrorText>> = { en: errorsEn, zh: errorsZh };

/** The texts of an error for people. */
export function errorText(code: ErrorCode, details: ErrorDetails, lang: Lang): ErrorText {
  const text = TABLES[lang][code];
  const { reason } = details;
  const isOfSignature = (code === 'BAD_SIGNATURE' || code === 'UNTRUSTED_SIGNER') && typeof reason === 'string';
  const told = isOfSignature ? { ...details, reason: signatureReason(reason, lang) } : details;
  return { what: fill(text.what, told), remedy: fill(text.remedy, told) };
}

/** The texts of an error before values are put in, for the documentation. */
export function errorTemplate(code: ErrorCode, lang: Lang): ErrorText {
  return TABLES[lang][code];
}

const SETTING_TABLES: Record<Lang, Record<SettingName, string>> = { en: settingsEn, zh: settingsZh };

/** What a setting is for. */
export function settingText(name: SettingName, lang: Lang): string {
  return SETTING_TABLES[lang][name];
}
