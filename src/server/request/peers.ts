import { BlockList, isIPv6 } from 'node:net';
import type { Headers } from '../../net/index.js';

/** Addresses or networks (`10.0.0.0/8`) whose word about others is believed. */
export class TrustedPeers {
  readonly #list = new BlockList();
  readonly isEmpty: boolean;

  constructor(addresses: readonly string[]) {
    this.isEmpty = addresses.length === 0;
    for (const address of addresses) {
      const [first = '', bits] = address.split('/');
      const family = isIPv6(first) ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.#list.addAddress(first, family);
      else this.#list.addSubnet(first, Number(bits), family);
    }
  }

  has(address: string): boolean {
    return !this.isEmpty && this.#list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }

  /** Who really asks: the last address in `X-Forwarded-For` that is not a trusted proxy's, if a trusted proxy is whom we talk to. */
  clientOf(peer: string, headers: Headers): string {
    if (!this.has(peer)) return peer;
    const said = (headers['x-forwarded-for'] ?? '').split(',').map((part) => plainAddress(part.trim()));
    for (const address of said.reverse()) {
      if (address === undefined) return peer;
      if (!this.has(address)) return address;
    }
    return peer;
  }
}

const IPV4_IN_IPV6 = '::ffff:';

/** An IPv4 address as such, however the system or a proxy writes it, without port. Undefined for what is no address. */
export function plainAddress(text: string): string | undefined {
  const bare =
    /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? (/^[\d.]+:\d+$/.test(text) ? text.split(':')[0] : text) ?? '';
  const lower = bare.toLowerCase();
  const address = lower.startsWith(IPV4_IN_IPV6) && lower.includes('.') ? lower.slice(IPV4_IN_IPV6.length) : lower;
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(address))
    return address.split('.').every((n) => Number(n) < 256) ? address : undefined;
  return isIPv6(address) && !address.includes('%') ? address : undefined;
}

/** Under what an address is counted: whoever has an IPv6 network has at least 2^64 addresses in it. */
export function limitKey(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0');
  return [...front, ...zeros, ...back].slice(0, 4).join(':');
}
