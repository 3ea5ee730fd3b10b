import { readFileSync } from 'node:fs';

/** Counters of the kernel for all TCP of this network namespace. */
export interface Segments {
  readonly received: number;
  readonly outOfOrder: number;
}

/** Undefined where the kernel tells nothing (other systems than Linux). */
export function segmentsReceived(read: (path: string) => string = readText): Segments | undefined {
  try {
    const received = counter(read('/proc/net/snmp'), 'Tcp', 'InSegs');
    const outOfOrder = counter(read('/proc/net/netstat'), 'TcpExt', 'TCPOFOQueue');
    return received === undefined || outOfOrder === undefined ? undefined : { received, outOfOrder };
  } catch {
    return undefined;
  }
}

/** Too few segments say nothing. */
const LEAST_SEGMENTS = 200;

export function outOfOrderShare(before: Segments | undefined, after: Segments | undefined): number | undefined {
  if (before === undefined || after === undefined) return undefined;
  const received = after.received - before.received;
  return received < LEAST_SEGMENTS ? undefined : (after.outOfOrder - before.outOfOrder) / received;
}

/** Two lines for each protocol: names, then numbers (proc_net_snmp, proc_net_netstat). */
function counter(text: string, protocol: string, name: string): number | undefined {
  const [names = [], numbers = []] = text
    .split('\n')
    .filter((line) => line.startsWith(`${protocol}:`))
    .map((line) => line.split(' '));
  const value = Number(numbers[names.indexOf(name)]);
  return Number.isFinite(value) ? value : undefined;
}

function readText(path: string): string {
  return readFileSync(path, 'latin1');
}
