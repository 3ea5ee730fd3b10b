import { BlockList, isIP } from 'node:net';

/** Tells whether a URL is to be reached without the proxy. */
export type NoProxy = (url: URL) => boolean;

/**
 * Reads a `NO_PROXY` list: names separated by commas or spaces, where `example.com`, `.example.com` and `*.example.com` cover
 * the domain and everything below it, `*` covers all, an entry may end in `:port`, and addresses may be networks (`10.0.0.0/8`).
 * Entries that make no sense cover nothing.
 */
export function parseNoProxy(list: string | undefined): NoProxy {
  const rules = (list ?? '')
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map((entry) => parseEntry(entry.toLowerCase()));
  return (url) => {
    const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    return rules.some((rule) => rule(host, port));
  };
}

type Rule = (host: string, port: string) => boolean;

function parseEntry(entry: string): Rule {
  if (entry === '*') return () => true;
  const network = /^\[?([0-9a-f:.]+)\]?\/(\d{1,3})$/.exec(entry);
  if (network !== null) return networkRule(network[1] ?? '', Number(network[2]));
  const [name, port] = splitPort(entry);
  const bare = name.replace(/^\*?\./, '');
  if (bare === '') return () => false;
  const matchesName: (host: string) => boolean = (host) =>
    host === bare || (isIP(host) === 0 && host.endsWith(`.${bare}`));
  return (host, hostPort) => (port === undefined || port === hostPort) && matchesName(host);
}

function splitPort(entry: string): [string, string | undefined] {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(entry);
  if (bracketed !== null) return [bracketed[1] ?? '', bracketed[2]];
  const colon = entry.indexOf(':');
  // More than one colon is a bare IPv6 address.
  if (colon < 0 || entry.includes(':', colon + 1)) return [entry, undefined];
  return [entry.slice(0, colon), entry.slice(colon + 1)];
}

function networkRule(address: string, prefix: number): Rule {
  const version = isIP(address);
  if (version === 0 || prefix > (version === 4 ? 32 : 128)) return () => false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const block = new BlockList();
  block.addSubnet(address, prefix, family);
  return (host) => isIP(host) === version && block.check(host, family);
}
