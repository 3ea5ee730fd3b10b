/** What is known of one piece. All digests are SHA-256 in hex. */
export interface Compared {
  /** Who brought what stands in the file; several where one began it and another ended it. */
  readonly owners: readonly string[];
  /** Of what stands in the file. */
  readonly sha256: string;
  /** What sources gave when they were asked for it afterwards, those who brought it included. */
  readonly answers: ReadonlyMap<string, string>;
}

export interface WrongAnswer {
  readonly source: string;
  readonly sha256: string;
  /** It gave the right bytes when it was asked again: something happened on the way, or it wants to be taken for that. */
  readonly isSlip: boolean;
}

export interface Judgement {
  readonly right: string;
  /** Who says so. */
  readonly by: readonly string[];
  readonly wrong: readonly WrongAnswer[];
  readonly isStandingWrong: boolean;
}

/** So many opinions make a majority possible. */
const ENOUGH = 3;

/**
 * Whom most of those who count believe; among equals, the source that is `believed` (the hub that named the digest). Undefined when nobody knows: who is
 * left out of `counts` has no vote.
 */
export function judge(
  piece: Compared,
  believed: string | undefined,
  counts: (source: string) => boolean,
): Judgement | undefined {
  const opinions = opinionsOf(piece);
  const votes = new Map<string, string[]>();
  for (const [source, sha256] of opinions)
    if (counts(source)) votes.set(sha256, [...(votes.get(sha256) ?? []), source]);
  const most = Math.max(0, ...[...votes.values()].map(({ length }) => length));
  const first = [...votes].filter(([, sources]) => sources.length === most);
  const chosen = first.length === 1 ? first[0] : first.find(([, sources]) => sources.some((id) => id === believed));
  if (chosen === undefined) return undefined;
  const [right, by] = chosen;
  const wrong: WrongAnswer[] = [];
  for (const [source, sha256] of opinions) if (sha256 !== right) wrong.push({ source, sha256, isSlip: false });
  const isStandingWrong = piece.sha256 !== right;
  const [owner] = piece.owners;
  // Of a piece with two authors nobody knows whose bytes are the wrong ones.
  if (isStandingWrong && piece.owners.length === 1 && owner !== undefined && opinions.get(owner) === right)
    wrong.push({ source: owner, sha256: piece.sha256, isSlip: true });
  return { right, by, wrong, isStandingWrong };
}

/**
 * Who is to be asked for a piece that is in dispute before it can be judged, of those who are `able`: first who brought it (a byte may have flipped on
 * the way), then whom we believe, then others until one side has more.
 */
export function yetToAsk(piece: Compared, believed: string | undefined, able: readonly string[]): readonly string[] {
  const inOrder = [...piece.owners, ...(believed === undefined ? [] : [believed]), ...piece.answers.keys(), ...able];
  const order = [...new Set(inOrder)].filter((source) => able.includes(source));
  for (let count = Math.min(ENOUGH, order.length); count <= order.length; count += 1) {
    const missing = order.slice(0, count).filter((source) => !piece.answers.has(source));
    if (missing.length > 0) return missing;
    if (judge(piece, believed, (source) => able.includes(source)) !== undefined) return [];
  }
  return [];
}

/** Everybody's last word: of an only owner, until it is asked again, what stands there. */
function opinionsOf({ owners, sha256, answers }: Compared): ReadonlyMap<string, string> {
  const [owner] = owners;
  if (owners.length !== 1 || owner === undefined) return answers;
  return new Map([[owner, sha256], ...answers]);
}
