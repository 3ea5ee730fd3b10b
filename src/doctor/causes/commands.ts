/** Buffers for what was measured, so that applying them need not measure again. */
export function kernelCommand(bytesPerSecond: number, roundTripMs: number): string {
  return `sudo sluice doctor --remedy kernel --rate ${Math.ceil(bytesPerSecond / 1e6)}MB/s --rtt ${Math.ceil(roundTripMs)}ms --apply`;
}

/** Without `--apply`: what is removed does not come back, so it is shown first. */
export const CLEAN_COMMAND = 'sluice doctor --remedy clean';
