import { isIP } from 'node:net';

/** Who stands at one place of the way. */
export interface Hop {
  /** 1 is the first router. */
  readonly hop: number;
  readonly address: string;
}

/** What `ping -n -t TTL` (iputils) heard: a router that took the packet for too old, or the host itself. */
export function parseEcho(output: string): { readonly address: string; readonly isEnd: boolean } | undefined {
  const [, end] = /^\d+ bytes from ([^\s%]+?)(?:%\S+?)?:? icmp_seq=\d/m.exec(output) ?? [];
  const [, router] =
    /^From ([^\s%]+?)(?:%\S+?)?:? icmp_seq=\d+ (?:Time to live exceeded|Time exceeded)/m.exec(output) ?? [];
  const address = end ?? router ?? '';
  return isIP(address) === 0 ? undefined : { address, isEnd: end !== undefined };
}

/** Lines that begin with a place and who stands there, as `traceroute -n`, `tracepath -n` and `mtr -n --report` print them. The first of each place counts. */
export function parseRoute(output: string, mostHops: number): readonly Hop[] {
  const hops = new Map<number, Hop>();
  for (const line of output.split('\n')) {
    const [, place = '', address = ''] = /^ *(\d{1,3})[.:]?(?:\|--)? +(?:\* +)*(\S+)/.exec(line) ?? [];
    const hop = Number(place);
    if (hop < 1 || hop > mostHops || isIP(address) === 0 || hops.has(hop)) continue;
    hops.set(hop, { hop, address });
  }
  return [...hops.values()].sort((one, other) => one.hop - other.hop);
}
