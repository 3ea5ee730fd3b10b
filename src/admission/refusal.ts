import { SluiceError } from '../base/index.js';
import { isOfScanner, WRONG_SIGNATURE } from './decide.js';
import type { Decision } from './port.js';

/** Why something may not be seen, as an error of exit code 6, or of 5 where a signature is of other bytes. */
export function refusalOf({ reasons, policy }: Decision, ref: string): SluiceError {
  const refused = reasons.filter(({ verdict }) => verdict === 'refuse');
  const wrong = refused.find(({ rule }) => rule === WRONG_SIGNATURE);
  if (wrong !== undefined) return new SluiceError('BAD_SIGNATURE', { subject: ref, reason: wrong.value });
  const [first] = refused;
  const path = first?.path;
  return new SluiceError('REFUSED', {
    what: path ?? ref,
    ref,
    policy,
    rule: first?.rule ?? 'UNDECIDED',
    value: first?.value ?? 'nothing is known of it',
    threshold: first?.threshold ?? 'evidence',
    ...(refused.length > 1 ? { all: refused.length } : {}),
    ...(first !== undefined && isOfScanner(first.rule) ? { scanned: ref } : {}),
    ...(path === undefined ? {} : { file: /[^\w./@%+-]/.test(path) ? `'${path}'` : path }),
  });
}
