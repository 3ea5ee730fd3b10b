import type { PingFacts } from '../facts.js';
import { PROBES } from '../limits.js';
import { printedBy } from './printed-by.js';

/** How many packets, how far apart, and when to give up. */
export interface PingPace {
  readonly packets: number;
  readonly intervalMs: number;
  readonly mostMs: number;
}

/** Without privileges `ping` sends no faster than five a second. */
export function paceOf(paces: { readonly ping: PingPace; readonly pingAsRoot: PingPace }): PingPace {
  return process.getuid?.() === 0 ? paces.pingAsRoot : paces.ping;
}

/** Small packets that the host answers, where `ping` is installed and may be used; undefined where none came back, as many hosts do not answer them. */
export async function ping(
  address: string,
  signal: AbortSignal,
  { packets, intervalMs, mostMs }: PingPace = paceOf(PROBES),
): Promise<PingFacts | undefined> {
  const args = ['-n', '-q', '-c', String(packets), '-i', String(intervalMs / 1000), '-W', '2', address];
  // It ends with an error when packets were lost, and what it printed is what counts.
  return parsePing((await printedBy('ping', args, mostMs, signal)) ?? '');
}

/** The last lines of `ping -q`, of iputils and of busybox. */
export function parsePing(output: string): PingFacts | undefined {
  const [, sentText = '', cameText = ''] = /(\d+) packets transmitted, (\d+) (?:packets )?received/.exec(output) ?? [];
  const [sent, came] = [Number(sentText), Number(cameText)];
  if (!(sent > 0) || !(came > 0)) return undefined;
  const [, least = '', mean = '', most = '', jitter] =
    /= ([\d.]+)\/([\d.]+)\/([\d.]+)(?:\/([\d.]+))?/.exec(output) ?? [];
  const lost = Math.max(0, sent - came);
  const times = { leastMs: Number(least), meanMs: Number(mean), mostMs: Number(most) };
  return { sent, lost, ...times, ...(jitter === undefined ? {} : { jitterMs: Number(jitter) }) };
}
