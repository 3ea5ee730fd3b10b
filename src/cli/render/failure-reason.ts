import type { Lang } from '../../base/index.js';
import { knownReason } from '../texts/index.js';

/** What a message means, where its code is known, and the message itself, which somebody may have to look up. */
export function failureReason(lang: Lang, message: string, code: string): string {
  // Some messages are nothing but a code.
  const meaning = knownReason(lang, code) ?? knownReason(lang, message.split(':', 1)[0] ?? '');
  if (meaning === undefined) return message;
  if (message === '') return meaning;
  return lang === 'zh' ? `${meaning}（${message}）` : `${meaning} (${message})`;
}
