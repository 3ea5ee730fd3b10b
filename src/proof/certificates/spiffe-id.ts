export interface SpiffeId {
  readonly trustDomain: string;
  /** With its leading `/`; empty for the domain itself. */
  readonly path: string;
}

const MOST_BYTES = 2048;

/** A SPIFFE ID, exactly as its specification writes them; undefined for anything else. */
export function parseSpiffeId(text: string): SpiffeId | undefined {
  const match = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/[a-zA-Z0-9._-]+)*)$/.exec(text);
  if (match === null || text.length > MOST_BYTES) return undefined;
  const [, trustDomain = '', path = ''] = match;
  return path.split('/').some((segment) => segment === '.' || segment === '..') ? undefined : { trustDomain, path };
}
