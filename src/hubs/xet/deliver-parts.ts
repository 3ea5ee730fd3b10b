import type { Parts } from './decode/messages.js';
import type { XetTarget } from './port.js';

/** Hands on what came back from a thread because there is no file. `guard` is asked before each part. */
export async function deliverParts(parts: Parts | undefined, target: XetTarget, guard?: () => void): Promise<void> {
  if (parts === undefined || 'fd' in target) return;
  let from = 0;
  for (let index = 0; index < parts.positions.length; index += 2) {
    guard?.();
    const length = parts.positions[index + 1] ?? 0;
    await target.deliver(parts.bytes.subarray(from, from + length), parts.positions[index] ?? 0);
    from += length;
  }
}
