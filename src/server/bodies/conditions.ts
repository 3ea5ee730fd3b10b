import type { Headers } from '../../net/index.js';

/** What a request's conditions make of an answer with this validator: as it is, nothing new (304), or not what was meant (412). */
export type Verdict = 'go on' | 304 | 412;

/** The conditions of a GET or HEAD by entity tags (RFC 9110 §13.1.1 and §13.1.2). Our tags are strong. */
export function judgeConditions(headers: Headers, etag: string): Verdict {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers;
  if (match !== undefined && !tagsOf(match).some((tag) => tag === '*' || tag === etag)) return 412;
  const isKnown = (tag: string): boolean => tag === '*' || tag.replace(/^W\//, '') === etag;
  return noneMatch !== undefined && tagsOf(noneMatch).some(isKnown) ? 304 : 'go on';
}

/**
 * Whether a range may be answered with a part (RFC 9110 §13.1.5): what the client has the rest of must be this very thing, by a strong tag or by the date that we
 * gave. Whoever asks without `If-Range` takes what there is.
 */
export function isSameForRange(condition: string | undefined, { etag, 'last-modified': date }: Headers): boolean {
  if (condition === undefined) return true;
  const said = condition.trim();
  return said !== '' && (said.startsWith('"') ? said === etag : said === date);
}

/** A tag may hold commas. */
function tagsOf(list: string): readonly string[] {
  return list.match(/(?:W\/)?"[^"]*"|\*/g) ?? [];
}
