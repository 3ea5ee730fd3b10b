import type { ResponseHead } from '../../net/index.js';
import { asArray, asObject, field } from '../fields.js';
import { MAX_HISTORY_PAGES } from '../limits.js';
import { parseCommit, parseNextQuery, type Refuse } from './wire.js';

type FetchValue = (url: string) => Promise<{ readonly head: ResponseHead; readonly value: unknown }>;

/**
 * What the API tells of a repository besides its files. Of `info` everything but the listing, which is had elsewhere; of `commits` the first `MAX_HISTORY_PAGES`
 * pages in one list.
 */
export async function describeRepository(
  apiUrl: string,
  commit: string,
  what: 'info' | 'refs' | 'commits',
  fetchValue: FetchValue,
  refuse: Refuse,
): Promise<unknown> {
  if (what === 'refs') {
    const { value } = await fetchValue(`${apiUrl}/refs?include_prs=1`);
    if (asArray(field(asObject(value), 'branches')) === undefined) throw refuse('the refs have no list of branches');
    return value;
  }
  if (what === 'commits') return history(`${apiUrl}/commits/${commit}`, fetchValue, refuse);
  const { value } = await fetchValue(`${apiUrl}/revision/${commit}`);
  parseCommit(value, refuse);
  const rest = Object.entries(asObject(value) ?? {}).filter(([name]) => name !== 'siblings');
  return Object.fromEntries(rest);
}

async function history(url: string, fetchValue: FetchValue, refuse: Refuse): Promise<unknown> {
  const commits: unknown[] = [];
  const seen = new Set<string>();
  for (let query: string | undefined = ''; query !== undefined && seen.size < MAX_HISTORY_PAGES;) {
    if (seen.has(query)) break;
    seen.add(query);
    const { head, value } = await fetchValue(query === '' ? url : `${url}?${query}`);
    const page = asArray(value);
    if (page === undefined) throw refuse('the history is not a list');
    for (const entry of page) commits.push(entry);
    query = parseNextQuery(head.headers.link);
  }
  return commits;
}
