import dns from 'node:dns/promises';
import net from 'node:net';
import type { AddressFacts, Failure, HostFacts } from '../facts.js';
import { socketFailure } from '../failure.js';
import { PROBES } from '../limits.js';
import { timeConnect } from './time-connect.js';

interface Named {
  readonly names: NonNullable<HostFacts['names']>;
  readonly found: readonly { readonly address: string; readonly family: number }[];
}

/** The addresses of a name by the system's resolver, which is what every program here uses. */
export async function findNames(hostname: string): Promise<Named> {
  const family = net.isIP(hostname);
  if (family !== 0) return { names: { ms: 0 }, found: [{ address: hostname, family }] };
  const startedMs = performance.now();
  try {
    const found = await dns.lookup(hostname, { all: true });
    return { names: { ms: performance.now() - startedMs }, found };
  } catch (thrown) {
    return { names: { ms: performance.now() - startedMs, failure: socketFailure(thrown) }, found: [] };
  }
}

/** Opens connections to each of some addresses: all addresses beside each other, the tries of one in a row. */
export function probeAddresses(found: Named['found'], port: number, signal: AbortSignal): Promise<AddressFacts[]> {
  return Promise.all(
    found.slice(0, PROBES.addresses).map(async ({ address, family }) => {
      const connectMs: number[] = [];
      let failure: Failure | undefined;
      for (let attempt = 0; attempt < PROBES.connectTries && failure === undefined && !signal.aborted; attempt += 1) {
        try {
          const { ms, socket } = await timeConnect({ address, port }, PROBES.connectMs, signal);
          socket.on('error', () => undefined).destroy();
          connectMs.push(ms);
        } catch (thrown) {
          failure = socketFailure(thrown);
        }
      }
      return { address, family: family === 6 ? 6 : 4, connectMs, ...(failure === undefined ? {} : { failure }) };
    }),
  );
}
