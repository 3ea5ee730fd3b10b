import { MOST_TEMPLATE_BYTES } from '../limits.js';
import type { Finding } from '../port.js';
import { finding } from '../rules.js';
import { walkTemplate } from './walk-template.js';

/** What the rules say of one template. Longer ones than are kept are not read: LIMIT-HIT. */
export function readTemplate(text: string, members: readonly string[]): readonly Finding[] {
  if (Buffer.byteLength(text) > MOST_TEMPLATE_BYTES)
    return [finding('LIMIT-HIT', `a template of ${Buffer.byteLength(text)} bytes`, members)];
  const found = new Map<string, Finding>();
  for (const { rule, reason, severity } of walkTemplate(text))
    found.set(`${rule}${reason}`, finding(rule, `template: ${reason}`, members, undefined, severity));
  return [...found.values()];
}
