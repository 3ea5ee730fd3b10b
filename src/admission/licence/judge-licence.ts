import type { Policy } from '../policy/policy.js';
import { parseExpression, type Expression } from './expression.js';
import { KNOWN_LICENCES, licenceKey } from './known-licences.js';

/** What is known of the licence of a revision. */
export interface LicenceFacts {
  /** By the card, or a file's own metadata; undefined where nothing is declared. */
  readonly declared: string | undefined;
  /** By the text of its licence file. */
  readonly recognised: string | undefined;
}

export type LicenceVerdict =
  | { readonly verdict: 'fine'; readonly value: string }
  | { readonly verdict: 'unknown'; readonly value: string }
  | { readonly verdict: 'contradiction'; readonly value: string; readonly why: string }
  | { readonly verdict: 'denied'; readonly value: string; readonly why: string };

/** Holds a licence against a policy. Of alternatives (`OR`) one has to do, of what holds together (`AND`) all. */
export function judgeLicence(facts: LicenceFacts, policy: Policy['licence']): LicenceVerdict {
  const said = facts.declared === 'other' || facts.declared === 'unknown' ? undefined : facts.declared;
  const value = said ?? facts.recognised;
  if (value === undefined) return { verdict: 'unknown', value: facts.declared ?? 'none' };
  const expression = parseExpression(value);
  if (expression === undefined) return { verdict: 'unknown', value };
  const judged = judge(expression, policy);
  if (judged.verdict === 'denied') return { ...judged, value };
  const { recognised } = facts;
  if (said !== undefined && recognised !== undefined && !names(expression).some((id) => isSame(id, recognised)))
    return { verdict: 'contradiction', value: said, why: `its licence file is ${recognised}` };
  return judged.verdict === 'fine' ? { verdict: 'fine', value } : { verdict: 'unknown', value };
}

type Judged = { readonly verdict: 'fine' | 'unknown' } | { readonly verdict: 'denied'; readonly why: string };

function judge(expression: Expression, policy: Policy['licence']): Judged {
  if (expression.kind === 'licence') return judgeOne(licenceKey(expression.id), policy);
  const [left, right] = [judge(expression.left, policy), judge(expression.right, policy)];
  const order =
    expression.kind === 'or' ? (['fine', 'unknown', 'denied'] as const) : (['denied', 'unknown', 'fine'] as const);
  const decisive = order.find((verdict) => left.verdict === verdict || right.verdict === verdict);
  return left.verdict === decisive ? left : right;
}

function judgeOne(id: string, { allow, deny, commercial }: Policy['licence']): Judged {
  const known = KNOWN_LICENCES.get(id);
  const isNamed = (list: readonly string[]): boolean =>
    list.some((each) => licenceKey(each) === id || known?.families.some((family) => family === each) === true);
  if (isNamed(deny)) return { verdict: 'denied', why: `${id} is denied` };
  if (commercial && known?.commercial === 'no') return { verdict: 'denied', why: `${id} is not for commercial use` };
  if (allow !== undefined && isNamed(allow)) return { verdict: 'fine' };
  if (known === undefined) return { verdict: 'unknown' };
  return allow === undefined ? { verdict: 'fine' } : { verdict: 'denied', why: `${id} is not among those allowed` };
}

function names(expression: Expression): readonly string[] {
  return expression.kind === 'licence'
    ? [licenceKey(expression.id)]
    : [...names(expression.left), ...names(expression.right)];
}

/** Versions of one family are told apart by their texts no better than by their declarations. */
function isSame(declared: string, recognised: string): boolean {
  if (declared === recognised || declared.startsWith(`${recognised}-`)) return true;
  const [one, other] = [KNOWN_LICENCES.get(declared), KNOWN_LICENCES.get(recognised)];
  const family = (name: 'rail' | 'gemma'): boolean =>
    one?.families.includes(name) === true && other?.families.includes(name) === true;
  return family('rail') || family('gemma');
}
