import { Resolver, getServers } from 'node:dns/promises';
import net from 'node:net';
import type { ResolverFacts } from '../facts.js';
import { socketFailure } from '../failure.js';
import { PROBES } from '../limits.js';

/** Asks every name server of this machine by itself, beside each other: the system asks them in a row, and waits for those that are dead. */
export function probeResolvers(hostname: string, servers: readonly string[] = getServers()): Promise<ResolverFacts[]> {
  if (net.isIP(hostname) !== 0 || hostname === 'localhost') return Promise.resolve([]);
  return Promise.all(
    servers.slice(0, PROBES.resolvers).map(async (server) => {
      const resolver = new Resolver({ timeout: PROBES.resolverMs, tries: 1 });
      resolver.setServers([server]);
      const startedMs = performance.now();
      const asked = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
      const ms = performance.now() - startedMs;
      const addresses = asked.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
      const [failed] = asked.flatMap((each) => (each.status === 'rejected' ? [socketFailure(each.reason)] : []));
      // One family without addresses is no failure of the name.
      const failure = addresses.length === 0 ? failed : undefined;
      return { server, ms, addresses, ...(failure === undefined ? {} : { failure }) };
    }),
  );
}
