/** Of a list that comes in pages: more than any repository has, and an end for a registry that never comes to one. */
export const MOST_PAGES = 1000;

/**
 * The query of the page after this one, by the header `Link` (RFC 8288; OCI distribution 1.1, "Content discovery"); undefined after the last.
 * Only the query is taken from it: whoever answers does not choose whom we ask.
 * @param url where this page came from
 */
export function nextQuery(link: string | undefined, url: string): string | undefined {
  for (const part of (link ?? '').slice(0, MOST_LINK_CHARACTERS).split(/,(?=\s*<)/)) {
    const [, target = '', parameters = ''] = /^\s*<([^<>]*)>(.*)$/s.exec(part) ?? [];
    if (!/;\s*rel\s*=\s*(?:"next"|next(?![^\s;,]))/i.test(parameters) || !URL.canParse(target, url)) continue;
    const next = new URL(target, url);
    if (next.origin === new URL(url).origin && next.search !== '') return next.search;
  }
  return undefined;
}

const MOST_LINK_CHARACTERS = 16_384;
