import type { RouteFacts } from '../facts.js';
import { ROUTE_PROBES } from '../limits.js';
import { parseEcho, parseRoute, type Hop } from './parse-hops.js';
import { paceOf, ping } from './ping.js';
import { printedBy } from './printed-by.js';

const { mostHops, atOnce, tries, toolMs } = ROUTE_PROBES;

/**
 * The routers on the way to an address, as far as they say who they are, and how each answers packets of its own: what they say of packets that
 * grew old is limited by most, and counts for nothing. By programs that need no privileges; where none is installed, `tool` says so.
 */
export async function traceRoute(to: string, signal: AbortSignal): Promise<RouteFacts> {
  const { tool, hops } = await findHops(to, signal);
  const pace = paceOf(ROUTE_PROBES);
  const asked = await Promise.all(
    hops.map(async (hop) => {
      const echoed = await ping(hop.address, signal, pace);
      return { ...hop, ...(echoed === undefined ? {} : { ping: echoed }) };
    }),
  );
  signal.throwIfAborted();
  return { to, tool, hops: asked };
}

async function findHops(
  to: string,
  signal: AbortSignal,
): Promise<{ readonly tool: RouteFacts['tool']; readonly hops: readonly Hop[] }> {
  let best: { readonly tool: RouteFacts['tool']; readonly hops: readonly Hop[] } = { tool: 'none', hops: [] };
  // Elsewhere `-t` is something else.
  const echoed = process.platform === 'linux' ? await hopsByPing(to, signal) : undefined;
  if (echoed !== undefined) best = { tool: 'ping', hops: echoed };
  for (const [tool, args] of TOOLS) {
    if (best.hops.some(({ address, hop }) => address !== to || hop === 1)) return best;
    const printed = await printedBy(tool, [...args, to], toolMs, signal);
    if (printed !== undefined) best = { tool, hops: parseRoute(printed, mostHops) };
  }
  return best;
}

const TOOLS: readonly (readonly [tool: Exclude<RouteFacts['tool'], 'ping' | 'none'>, args: readonly string[]])[] = [
  ['traceroute', ['-n', '-q', String(tries), '-w', '1', '-m', String(mostHops)]],
  ['tracepath', ['-n', '-m', String(mostHops)]],
  ['mtr', ['-n', '--report', '-c', String(tries), '-m', String(mostHops)]],
];

/** Packets that may live so many hops, several numbers of hops at once until the host itself answers; undefined without `ping`. */
async function hopsByPing(to: string, signal: AbortSignal): Promise<readonly Hop[] | undefined> {
  const hops: Hop[] = [];
  for (let first = 1; first <= mostHops; first += atOnce) {
    const places = Array.from({ length: Math.min(atOnce, mostHops - first + 1) }, (_, index) => first + index);
    const printed = await Promise.all(
      places.map((hop) =>
        printedBy('ping', ['-n', '-c', String(tries), '-i', '0.2', '-W', '1', '-t', String(hop), to], toolMs, signal),
      ),
    );
    if (printed.includes(undefined)) return undefined;
    for (const [index, output = ''] of printed.entries()) {
      const heard = parseEcho(output);
      if (heard !== undefined) hops.push({ hop: first + index, address: heard.address });
      if (heard?.isEnd === true) return hops;
    }
  }
  return hops;
}
