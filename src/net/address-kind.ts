import net from 'node:net';

/**
 * Networks that no public host may lead to: of this machine, of its link, private ones (RFC 1918, RFC 4193, RFC 6598), and "unspecified", which dials this machine.
 * 198.18.0.0/15 is not among them: proxies that take over a whole machine give such an address to every name.
 */
const INSIDE = new net.BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  INSIDE.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
] as const)
  INSIDE.addSubnet(network, prefix, 'ipv6');

/** IPv6 networks whose addresses hold an IPv4 address at this byte: mapped, compatible, NAT64 (RFC 6052, RFC 8215), 6to4. */
const HOLDS_IPV4 = [
  { start: '00000000000000000000ffff', atByte: 12 },
  { start: '000000000000000000000000', atByte: 12 },
  { start: '0064ff9b0000000000000000', atByte: 12 },
  { start: '0064ff9b0001', atByte: 12 },
  { start: '2002', atByte: 2 },
] as const;

/** Whether an IP address is one that only this machine or its own network can reach. Brackets and zones are left out of sight. */
export function isInside(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  if (net.isIPv4(bare)) return INSIDE.check(bare, 'ipv4');
  if (!net.isIPv6(bare)) return false;
  if (INSIDE.check(bare, 'ipv6')) return true;
  const bytes = bytesOfIpv6(bare);
  const hex = bytes.toString('hex');
  return HOLDS_IPV4.some(({ start, atByte }) => {
    const held = [...bytes.subarray(atByte, atByte + 4)].join('.');
    return hex.startsWith(start) && INSIDE.check(held, 'ipv4');
  });
}

function bytesOfIpv6(address: string): Buffer {
  // The URL parser writes every form of it in one, without a dotted end.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return Buffer.from([...before, ...zeros, ...after].map((group) => group.padStart(4, '0')).join(''), 'hex');
}
