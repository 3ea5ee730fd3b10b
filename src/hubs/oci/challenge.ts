/** What a registry wants to be shown (RFC 9110 §11.3; the registry token specification). */
export interface Challenge {
  readonly scheme: 'bearer' | 'basic';
  readonly realm: string;
  readonly service?: string;
  readonly scope?: string;
}

const PARAMETER = /([a-z_-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))/gi;

/** The first challenge that is understood in a `WWW-Authenticate` header. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  const match = /^[ \t]*(bearer|basic)[ \t]+(.{1,4096})$/i.exec(header ?? '');
  if (match === null) return undefined;
  const values = new Map<string, string>();
  for (const [, name = '', quoted, bare] of (match[2] ?? '').matchAll(PARAMETER)) {
    const key = name.toLowerCase();
    if (!values.has(key)) values.set(key, quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '');
  }
  const [realm, service, scope] = ['realm', 'service', 'scope'].map((name) => values.get(name));
  if (realm === undefined) return undefined;
  return {
    scheme: (match[1] ?? '').toLowerCase() === 'basic' ? 'basic' : 'bearer',
    realm,
    ...(service === undefined ? {} : { service }),
    ...(scope === undefined ? {} : { scope }),
  };
}
