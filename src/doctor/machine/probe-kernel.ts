import type { KernelFacts } from '../facts.js';
import { readKernelFile } from './read-kernel-file.js';

/** How the kernel receives TCP, as far as it tells (Linux; tcp(7)). */
export function probeKernel(read: (path: string) => string | undefined = readKernelFile): KernelFacts {
  const numbers = (name: string): readonly number[] =>
    (read(`/proc/sys/net/ipv4/${name}`) ?? '').trim().split(/\s+/).filter(Boolean).map(Number);
  const [, , receiveBytes] = numbers('tcp_rmem');
  const [scaling] = numbers('tcp_window_scaling');
  const [overhead = 1] = numbers('tcp_adv_win_scale');
  const congestion = read('/proc/sys/net/ipv4/tcp_congestion_control')?.trim();
  const hasScaling = scaling === undefined ? undefined : scaling !== 0;
  const windowBytes = receiveBytes === undefined ? undefined : windowOf(receiveBytes, overhead);
  return {
    ...(windowBytes === undefined
      ? {}
      : { windowBytes: hasScaling === false ? Math.min(windowBytes, UNSCALED_BYTES) : windowBytes }),
    ...(hasScaling === undefined ? {} : { hasScaling }),
    ...(congestion === undefined ? {} : { congestion }),
  };
}

/** What the 16 bits of a TCP header can say without scaling (RFC 7323). */
const UNSCALED_BYTES = 65_535;

/** The part of a buffer that is told as window: the rest is for what the kernel keeps beside each packet. */
function windowOf(bufferBytes: number, scale: number): number {
  return scale > 0 ? bufferBytes - bufferBytes / 2 ** scale : bufferBytes / 2 ** -scale;
}
