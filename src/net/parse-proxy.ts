import { SluiceError } from '../base/index.js';

interface ProxyBase {
  /** Without brackets, as a dialler wants it. */
  readonly hostname: string;
  /** `host:port`, without credentials: for people. */
  readonly host: string;
}

/** https goes through it by CONNECT, http in absolute form. */
export interface HttpProxy extends ProxyBase {
  readonly kind: 'http';
  readonly secure: boolean;
  readonly port: number;
  /** The value of `proxy-authorization`, when the proxy's URL has user info. */
  readonly authorization?: string;
}

/** SOCKS version 5 (RFC 1928). */
export interface SocksProxy extends ProxyBase {
  readonly kind: 'socks';
  readonly port: number;
  /** Whether this machine finds the addresses of names, or the proxy does. */
  readonly names: 'here' | 'there';
  /** RFC 1929. */
  readonly account?: { readonly user: string; readonly password: string };
}

/** A machine that one can log in to with `ssh`, which finds the names. */
export interface SshProxy extends ProxyBase {
  readonly kind: 'ssh';
  /** Where these are not given, the configuration of `ssh` says. */
  readonly port?: number;
  readonly user?: string;
}

/** A proxy that requests go through. */
export type Proxy = HttpProxy | SocksProxy | SshProxy;

const SCHEMES: Readonly<Record<string, (url: URL, refuse: Refuse) => Proxy>> = {
  'http:': httpProxy,
  'https:': httpProxy,
  'socks5:': socksProxy,
  'socks5h:': socksProxy,
  // So desktops write it, which mean the version 5 that everybody speaks.
  'socks:': socksProxy,
  'ssh:': sshProxy,
};

/** Longest user name and password that RFC 1929 has room for. */
const MAX_SOCKS_FIELD_BYTES = 255;

type Refuse = (reason: string) => SluiceError;

/** Reads a proxy's URL; a bare `host:port` is http. @throws SluiceError BAD_SETTING */
export function parseProxy(text: string): Proxy {
  const refuse: Refuse = (reason) => {
    // The user info must not be shown, even where `redact` cannot see a scheme before it.
    const shown = text.slice(text.lastIndexOf('@') + 1);
    return new SluiceError('BAD_SETTING', { key: 'proxy', value: shown, reason });
  };
  const full = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(full)) throw refuse('not a URL');
  const url = new URL(full);
  const read = Object.hasOwn(SCHEMES, url.protocol) ? SCHEMES[url.protocol] : undefined;
  if (read === undefined)
    throw refuse(`${url.protocol.slice(0, -1)} proxies are not known here; use http, https, socks5, socks5h or ssh`);
  if (url.hostname === '') throw refuse('no host');
  return read(url, refuse);
}

function httpProxy(url: URL, refuse: Refuse): HttpProxy {
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const base = { kind: 'http' as const, secure, port, ...names(url, port) };
  const account = accountOf(url, refuse);
  if (account === undefined) return base;
  const pair = `${account.user}:${account.password}`;
  return { ...base, authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

function socksProxy(url: URL, refuse: Refuse): SocksProxy {
  const port = url.port === '' ? 1080 : Number(url.port);
  const base = { kind: 'socks' as const, port, ...names(url, port) };
  const where = { names: url.protocol === 'socks5:' ? ('here' as const) : ('there' as const) };
  const account = accountOf(url, refuse);
  if (account === undefined) return { ...base, ...where };
  const longest = Math.max(Buffer.byteLength(account.user), Buffer.byteLength(account.password));
  if (longest > MAX_SOCKS_FIELD_BYTES || account.user === '')
    throw refuse('its user name or password does not fit into SOCKS');
  return { ...base, ...where, account };
}

function sshProxy(url: URL, refuse: Refuse): SshProxy {
  const port = url.port === '' ? undefined : Number(url.port);
  const base = { kind: 'ssh' as const, ...names(url, port) };
  const account = accountOf(url, refuse);
  if (account !== undefined && account.password !== '') throw refuse('ssh takes keys and agents, no password here');
  // What `ssh` is given may reach a shell by its configuration (`ProxyCommand`), and may not look like an option.
  if (!/^[\w:][\w.:-]*$/.test(base.hostname)) throw refuse('no name that ssh may be given');
  if (account !== undefined && !/^\w[\w.@+-]*$/.test(account.user)) throw refuse('no user name that ssh may be given');
  return {
    ...base,
    ...(port === undefined ? {} : { port }),
    ...(account === undefined ? {} : { user: account.user }),
  };
}

function names(url: URL, port: number | undefined): ProxyBase {
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  return { hostname, host: port === undefined ? url.hostname : `${url.hostname}:${port}` };
}

function accountOf(url: URL, refuse: Refuse): { user: string; password: string } | undefined {
  if (url.username === '' && url.password === '') return undefined;
  try {
    return { user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  } catch {
    throw refuse('its user name or password is not percent-encoded');
  }
}
