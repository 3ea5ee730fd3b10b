/** Ways in which a reconstruction can be wrong while it still looks like one. */
export type TermDamage =
  /** The last two terms change places. */
  | 'swapped'
  /** The last term is missing. */
  | 'missing'
  /** The last term is there twice. */
  | 'repeated'
  /** The first term's length is one more than its chunks have. */
  | 'length'
  /** The last term reaches one chunk further than anything that can be fetched. */
  | 'beyond'
  /** The last term names a xorb of which nothing can be fetched. */
  | 'unknown-xorb'
  /** The answer's content begins one byte later than it should. */
  | 'offset';

interface Term {
  readonly hash: string;
  readonly unpacked_length: number;
  readonly range: { readonly start: number; readonly end: number };
}

/** For the fault `edit-json` on reconstructions; answers without terms pass unchanged. */
export function spoilTerms(damage: TermDamage): (value: unknown) => unknown {
  return (value) => {
    if (typeof value !== 'object' || value === null || !('terms' in value)) return value;
    const answer = value as { readonly terms: readonly Term[]; readonly offset_into_first_range: number };
    if (damage === 'offset') return { ...answer, offset_into_first_range: answer.offset_into_first_range + 1 };
    return { ...answer, terms: damaged(answer.terms, damage) };
  };
}

function damaged(terms: readonly Term[], damage: Exclude<TermDamage, 'offset'>): readonly Term[] {
  const [first, last] = [terms[0], terms.at(-1)];
  if (first === undefined || last === undefined) return terms;
  const before = terms.slice(0, -1);
  if (damage === 'swapped') return [...terms.slice(0, -2), last, ...terms.slice(-2, -1)];
  if (damage === 'missing') return before;
  if (damage === 'repeated') return [...terms, last];
  if (damage === 'length') return [{ ...first, unpacked_length: first.unpacked_length + 1 }, ...terms.slice(1)];
  if (damage === 'beyond') return [...before, { ...last, range: { ...last.range, end: last.range.end + 1 } }];
  return [...before, { ...last, hash: 'f'.repeat(64) }];
}
