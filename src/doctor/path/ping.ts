import { execFile } from 'node:child_process';
import type { PingFacts } from '../facts.js';
import { PROBES } from '../limits.js';

/** Small packets that the host answers, where `ping` is installed and may be used; undefined where none came back, as many hosts do not answer them. */
export async function ping(address: string, signal: AbortSignal): Promise<PingFacts | undefined> {
  const { packets, intervalMs, mostMs } = process.getuid?.() === 0 ? PROBES.pingAsRoot : PROBES.ping;
  const args = ['-n', '-q', '-c', String(packets), '-i', String(intervalMs / 1000), '-W', '2', address];
  const output = await new Promise<string>((resolve) => {
    // It ends with an error when packets were lost, and what it printed is what counts.
    execFile('ping', args, { signal, timeout: mostMs, env: { ...process.env, LC_ALL: 'C' } }, (_, stdout) =>
      resolve(stdout),
    );
  });
  return parsePing(output);
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
