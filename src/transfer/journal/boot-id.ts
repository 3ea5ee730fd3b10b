import { readFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';

/**
 * Names this run of the machine's kernel: while it stays the same, what a killed process wrote is still in the page cache
 * or on disk. Where the kernel has no such name, host and boot time stand in (a wrong guess only costs a check).
 */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return `${hostname()}:${Math.round((Date.now() / 1000 - uptime()) / 60)}`;
  }
}
