/** Plain values, so that they can be given to another thread. */
export interface TransportOptions {
  /** `http://[user:password@]host:port`, `https://…`, `socks5://…` (names are found here), `socks5h://…` (there) or `ssh://[user@]host[:port]`. */
  readonly proxy?: string | undefined;
  /** For http:// URLs, where that is another one, or none; `proxy` unless told. */
  readonly httpProxy?: string | false;
  /** Hosts that are reached without the proxy, as in `NO_PROXY`. */
  readonly noProxy?: string | undefined;
  /** Names of hosts that the user named, without brackets: public hosts may lead to them even where they are in a private network. */
  readonly namedHosts?: readonly string[];
  /** PEM files with CAs to trust beside the default ones and, where those do not know an authority, the system's. */
  readonly caFiles?: readonly string[];
  readonly userAgent?: string;
  /** For everything up to the finished connection: name, proxy, TLS. */
  readonly connectTimeoutMs?: number;
  /** From the request on the wire to the head of its answer. */
  readonly headTimeoutMs?: number;
  /** No byte of a body for that long is STALLED; time that the sink takes is not counted. */
  readonly idleMs?: number;
  /** Of each of the two roads. */
  readonly maxConnectionsPerHost?: number;
  /** False leaves everything to undici. */
  readonly fast?: boolean;
}
