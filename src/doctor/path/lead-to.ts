/** The first other host that redirects led to: where those that one asks send their clients. */
export function leadTo(asked: string, urls: readonly string[]): { readonly sendsTo?: string } {
  const own = new URL(asked).host;
  const other = urls.map((url) => new URL(url).host).find((host) => host !== own);
  return other === undefined ? {} : { sendsTo: other };
}
