import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { buildProgram, inNamespace, ip, newNamespaces, PLACES, startFarEnd, startLink, type Line } from './line.js';

/** The routers between, nearest first, as they name themselves, and the hub at the end. */
export const STATIONS = ['10.213.1.254', '10.213.2.2', PLACES.hub] as const;

export interface Chain extends Pick<Line, 'url' | 'wrap'> {
  /** A folder with a `ping` of ours, which needs no package, and nothing else. */
  readonly tools: string;
}

/** A client, two routers and a hub. What comes back over the link between the routers gets lost. */
export async function newChain(lossShare: number): Promise<Chain> {
  const [client = '', near = '', far = '', hub = ''] = newNamespaces(4);
  await startLink(near, far, { rttMs: 10, lossShare });
  wire(client, '10.213.1.1', near, STATIONS[0]);
  wire(hub, PLACES.hub, far, '10.213.0.254');
  for (const address of [PLACES.cdn, PLACES.slowNames]) ip(hub, 'addr', 'add', `${address}/24`, 'dev', 'wire0');
  ip(near, 'addr', 'add', '10.213.2.1/24', 'dev', 'line0');
  ip(far, 'addr', 'add', `${STATIONS[1]}/24`, 'dev', 'line0');
  for (const router of [near, far]) {
    ip(router, 'link', 'set', 'line0', 'up');
    inNamespace(router, 'sysctl', '-q', '-w', 'net.ipv4.ip_forward=1');
  }
  ip(client, 'route', 'add', 'default', 'via', STATIONS[0]);
  ip(near, 'route', 'add', '10.213.0.0/24', 'via', STATIONS[1]);
  ip(far, 'route', 'add', '10.213.1.0/24', 'via', '10.213.2.1');
  ip(hub, 'route', 'add', 'default', 'via', '10.213.0.254');
  const port = await startFarEnd(hub, { isOneHost: true });
  const tools = dirname(await buildProgram(join(import.meta.dirname, 'ping.c')));
  return { url: `http://${PLACES.hub}:${port}`, wrap: ['ip', 'netns', 'exec', client], tools };
}

/** A wire without faults between two namespaces, `wire0` at each end. */
function wire(one: string, oneAddress: string, other: string, otherAddress: string): void {
  execFileSync('ip', ['-n', one, 'link', 'add', 'wire0', 'type', 'veth', 'peer', 'name', 'wire0', 'netns', other]);
  for (const [name, address] of [
    [one, oneAddress],
    [other, otherAddress],
  ] as const) {
    ip(name, 'link', 'set', 'lo', 'up');
    ip(name, 'addr', 'add', `${address}/24`, 'dev', 'wire0');
    ip(name, 'link', 'set', 'wire0', 'up');
  }
}
