import type { Finding } from '../port.js';
import { finding } from '../rules.js';

/** Keys whose form alone tells what they are. */
export const SECRETS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a Hugging Face token', /\bhf_[A-Za-z]{34}\b/g],
  ['an AWS access key', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g],
  ['a GitHub token', /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{82})\b/g],
  ['an OpenAI key', /\bsk-(?:proj-)?[A-Za-z0-9]{20,}T3BlbkFJ[A-Za-z0-9]{20,}/g],
  ['an Anthropic key', /\bsk-ant-[a-z0-9]{3,10}-[A-Za-z0-9_-]{80,}/g],
  ['a Google key', /\bAIza[0-9A-Za-z_-]{35}\b/g],
  ['a Slack token', /\bxox[abprs]-[0-9A-Za-z-]{20,}/g],
  ['a private key', /-----BEGIN (?:RSA |EC |OPENSSH |DSA |ENCRYPTED )?PRIVATE KEY-----/g],
];

/** Evidence names the kind and the first signs, never the secret. */
export function secretsIn(text: string, place: { members: readonly string[] }): Finding[] {
  return SECRETS.flatMap(([what, pattern]) =>
    [...text.matchAll(pattern)].map(([secret]) =>
      finding('TXT-SECRET', `${what}, ${secret.slice(0, 7)}…, ${secret.length} characters`, place.members),
    ),
  );
}
