import type { SluiceError } from '../base/index.js';

/** An error in words for a client, which name no host behind us: those are the operator's to know, and stand in the log. */
export function hostlessWords({ message, details: { host } }: SluiceError): string {
  const named = typeof host === 'string' && host !== '' ? message.replaceAll(host, 'the upstream') : message;
  return named.replace(/https?:\/\/[^\s/"'<>)]+/gi, 'the upstream');
}
