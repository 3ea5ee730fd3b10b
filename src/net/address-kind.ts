import net from 'node:net';

/**
 * How deep inside an address is: out in the world, in a private network (RFC 1918, RFC 4193, RFC 6598), on this machine ("unspecified" dials it as well), or on the link, which is where
 * clouds tell a machine its secrets. 198.18.0.0/15 counts as public: proxies that take over a whole machine give such an address to every name.
 */
export const Depth = { public: 0, private: 1, machine: 2, link: 3 } as const;
export type Depth = (typeof Depth)[keyof typeof Depth];

type Network = readonly [network: string, prefix: number, family: 'ipv4' | 'ipv6'];

/** The deepest first: an address may be in more than one. */
const NETWORKS = (
  [
    [
      Depth.link,
      [
        ['169.254.0.0', 16, 'ipv4'],
        ['fe80::', 10, 'ipv6'],
        // What clouds answer at elsewhere: AWS by IPv6, Alibaba, Azure.
        ['fd00:ec2::254', 128, 'ipv6'],
        ['100.100.100.200', 32, 'ipv4'],
        ['168.63.129.16', 32, 'ipv4'],
      ],
    ],
    [
      Depth.machine,
      [
        ['0.0.0.0', 8, 'ipv4'],
        ['127.0.0.0', 8, 'ipv4'],
        ['::', 127, 'ipv6'],
      ],
    ],
    [
      Depth.private,
      [
        ['10.0.0.0', 8, 'ipv4'],
        ['100.64.0.0', 10, 'ipv4'],
        ['172.16.0.0', 12, 'ipv4'],
        ['192.168.0.0', 16, 'ipv4'],
        ['fc00::', 7, 'ipv6'],
        ['fec0::', 10, 'ipv6'],
      ],
    ],
  ] satisfies readonly (readonly [Depth, readonly Network[]])[]
).map(([depth, networks]) => ({ depth, list: blockList(networks) }));

function blockList(networks: readonly Network[]): net.BlockList {
  const list = new net.BlockList();
  for (const network of networks) list.addSubnet(...network);
  return list;
}

/** IPv6 networks whose addresses hold an IPv4 address at this byte: mapped, compatible, NAT64 (RFC 6052, RFC 8215), 6to4. */
const HOLDS_IPV4 = [
  { start: '00000000000000000000ffff', atByte: 12 },
  { start: '000000000000000000000000', atByte: 12 },
  { start: '0064ff9b0000000000000000', atByte: 12 },
  { start: '0064ff9b0001', atByte: 12 },
  { start: '2002', atByte: 2 },
] as const;

/** Of an IP address. Brackets and zones are left out of sight; what is no address counts as public. */
export function depthOf(address: string): Depth {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  if (net.isIPv4(bare)) return depthIn(bare, 'ipv4');
  if (!net.isIPv6(bare)) return Depth.public;
  const bytes = bytesOfIpv6(bare);
  const hex = bytes.toString('hex');
  const held = HOLDS_IPV4.filter(({ start }) => hex.startsWith(start)).map(({ atByte }) =>
    depthIn([...bytes.subarray(atByte, atByte + 4)].join('.'), 'ipv4'),
  );
  return Math.max(depthIn(bare, 'ipv6'), ...held) as Depth;
}

function depthIn(address: string, family: 'ipv4' | 'ipv6'): Depth {
  return NETWORKS.find(({ list }) => list.check(address, family))?.depth ?? Depth.public;
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
