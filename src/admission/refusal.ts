import { SluiceError } from '../base/index.js';
import type { Decision } from './port.js';

/** Why something may not be seen, as an error of exit code 6. */
export function refusalOf({ reasons, policy }: Decision, ref: string): SluiceError {
  const refused = reasons.filter(({ verdict }) => verdict === 'refuse');
  const [first] = refused;
  const more = refused.length > 1 ? { more: refused.length - 1 } : {};
  return new SluiceError('REFUSED', {
    what: first?.path ?? ref,
    ref,
    policy,
    rule: first?.rule ?? 'UNDECIDED',
    value: first?.value ?? 'nothing is known of it',
    threshold: first?.threshold ?? 'evidence',
    ...more,
  });
}
